"""应办事项: the ledger of what has to be done, by whom and by when."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.ledgers.views import Listing
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState
from brigade.workbench import queries, tables


class ObligationList(Listing):
    """One's own duties and those of the units that one oversees; nothing that has not begun, nothing void."""

    model = Obligation
    table = tables.ObligationTable
    filterset = tables.ObligationFilters
    permission = "obligations.have_obligation"
    title = _("应办事项")
    order = ("-due_at", "-id")
    related = ("unit", "person")
    opens = "state=open&sort=due_at"
    tabs = (
        (_("待办"), opens),
        (_("我的待办"), "scope=mine&state=open&sort=due_at"),
        (_("已逾期"), "due=late&sort=due_at"),
        (_("未达标"), "state=missed"),
        (_("已办"), "state=met"),
    )
    more = ("due_at",)
    empty = _("规则和记录会自己生成应办事项，不用登记。")

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        rows = super().rows(user).begun(timezone.now()).exclude(state=ObligationState.VOID)
        return rows.annotate(is_shut=queries.shut_to(user))
