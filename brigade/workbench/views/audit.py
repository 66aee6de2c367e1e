"""The audit trail, for the audit administrator: who did what to what, and whether anything was altered."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.audit import queries
from brigade.audit.models import AuditEvent
from brigade.kit.web import get_visible, page
from brigade.ledgers.tables import Sheet
from brigade.ledgers.views import Listing
from brigade.workbench import actions
from brigade.workbench.queries import found_altered, last_audit_check
from brigade.workbench.tables import AuditFilters, AuditTable


class AuditList(Listing):
    """Every event within the auditor's units, the latest first."""

    model = AuditEvent
    table = AuditTable
    filterset = AuditFilters
    permission = "audit.view_auditevent"
    title = gettext_lazy("审计")
    order = ("-at", "-id")
    empty = gettext_lazy("你的范围内还没有人做过什么。")
    template_name = "workbench/audit_list.html"

    def further(self, sheet: Sheet) -> dict[str, Any]:
        return _check()


def audit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One event with everything that its digest covers."""
    event = get_visible(request, AuditEvent, pk)
    changes = [_line(event, name, value) for name, value in event.changes.items()]
    shown = {"event": event, "verb": queries.verb_label(event.verb), "changes": changes}
    return page(request, "workbench/audit_detail.html", shown)


WORDS = {
    "opened": gettext_lazy("打开的页面"),
    "sent_to": gettext_lazy("提交到的页面"),
    "conditions": gettext_lazy("筛选条件"),
    "query": gettext_lazy("筛选条件"),
    "rows": gettext_lazy("行数"),
    "field": gettext_lazy("项目"),
}
"""What is noted with an event and is no field of its record."""


def _line(event: AuditEvent, name: str, value: Any) -> tuple[str, Any, Any]:
    """What was changed, before and after, as its model calls it."""
    before, after = _words(value)
    try:
        field = apps.get_model(event.target_type)._meta.get_field(name)
        words = dict(field.flatchoices)
        return str(field.verbose_name), words.get(before, before), words.get(after, after)
    except (LookupError, ValueError, FieldDoesNotExist, AttributeError, TypeError):
        return str(WORDS.get(name, name)), before, after


def _words(value: Any) -> tuple[Any, Any]:
    """Before and after; what has only one value shows it as the later one."""
    if isinstance(value, list) and len(value) == 2:
        return value[0], value[1]
    return None, value


def audit_check(request: HttpRequest) -> HttpResponse:
    """Ask for a check of the trail, and see how far it is and what the last one found."""
    if not request.user.has_perm("audit.view_auditevent"):
        raise PermissionDenied(_("没有查看审计的权限。"))
    if request.method == "POST":
        actions.queue_audit_check(by=request.user, now=timezone.now())
    return page(request, "workbench/audit_check.html", _check(), fragment="check")


def _check() -> dict[str, Any]:
    """How far the trail is sealed, and what its last check found."""
    check = last_audit_check()
    return {"seal": queries.head(), "check": check, "altered": found_altered(check)}
