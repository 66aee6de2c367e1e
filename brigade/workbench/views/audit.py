"""The audit trail, for the audit administrator: who did what to what, and whether anything was altered."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from brigade.audit import queries
from brigade.audit.models import AuditEvent
from brigade.kit.web import get_visible, page
from brigade.ledgers.tables import Sheet
from brigade.ledgers.views import Listing
from brigade.workbench.tables import AuditFilters, AuditTable


class AuditList(Listing):
    """Every event within the auditor's units, the latest first."""

    model = AuditEvent
    table = AuditTable
    filterset = AuditFilters
    permission = "audit.view_auditevent"
    title = gettext_lazy("审计")
    order = ("-at", "-id")
    template_name = "workbench/audit_list.html"

    def further(self, sheet: Sheet) -> dict[str, Any]:
        return {"seal": queries.head()}


def audit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One event with everything that its digest covers."""
    event = get_visible(request, AuditEvent, pk)
    changes = [(_label(event, field), *_words(value)) for field, value in event.changes.items()]
    shown = {"event": event, "verb": queries.verb_label(event.verb), "changes": changes}
    return page(request, "workbench/audit_detail.html", shown)


def _label(event: AuditEvent, field: str) -> str:
    """What the field is called on its model; a name that is no field stands as it is."""
    try:
        return str(apps.get_model(event.target_type)._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    except (LookupError, ValueError, FieldDoesNotExist, AttributeError):
        return field


def _words(value: Any) -> tuple[Any, Any]:
    """Before and after; what has only one value shows it as the later one."""
    if isinstance(value, list) and len(value) == 2:
        return value[0], value[1]
    return None, value


@require_POST
def audit_verify(request: HttpRequest) -> HttpResponse:
    """Walk the trail from its first row and name the first that was altered."""
    if not request.user.has_perm("audit.view_auditevent"):
        raise PermissionDenied(_("没有查看审计的权限。"))
    shown = {"verdict": queries.verify(), "seal": queries.head()}
    return page(request, "workbench/audit_verify.html", shown, fragment="verdict")
