"""Saving and dropping views."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import NotAllowed, Refused
from brigade.ledgers import queries, rules
from brigade.ledgers.models import LONGEST_QUERY, SavedView


@transaction.atomic
def save_view(*, by: Any, listing: str, name: str, query: str, unit: Any = None, is_default: bool = False) -> SavedView:
    """Keep a ledger's filters under a name, for oneself or shared to `unit`; the same name again replaces it.

    Whoever may open the ledger may; the view checks that `unit` is in his scope. One view a ledger is the default.
    """
    check_length(query)
    own = SavedView.objects.filter(owner=by, listing=listing)
    if own.exclude(name=name).count() >= rules.VIEWS_A_LEDGER:
        raise Refused(_("一个台账最多存%d个视图，先删一个再存。") % rules.VIEWS_A_LEDGER)
    if is_default:
        own.filter(is_default=True).update(is_default=False)
    view, _created = SavedView.objects.update_or_create(
        owner=by, listing=listing, name=name, defaults={"query": query, "unit": unit, "is_default": is_default}
    )
    shared = _("，共享给%s") % unit if unit else ""
    audit.record(
        "ledger.view_saved", view, by=by, sentence=_("保存台账视图“%s”") % name + shared, changes={"query": query}
    )
    transaction.on_commit(lambda: queries.forget_views(by, listing))
    return view


@transaction.atomic
def drop_view(*, by: Any, view: SavedView) -> None:
    """Remove one's own view, for those too with whom it was shared; nobody else may."""
    if view.owner_id != by.pk:
        raise NotAllowed(_("这个视图是别人存的，只有存它的人能删。"))
    audit.record("ledger.view_dropped", view, by=by, sentence=_("删除台账视图“%s”") % view.name)
    view.delete()
    transaction.on_commit(lambda: queries.forget_views(by, view.listing))


def check_length(query: str) -> None:
    if len(query) > LONGEST_QUERY:
        raise Refused(_("条件太长，存不下，去掉几个再来。"))
