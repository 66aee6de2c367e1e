"""What may be seen by whom: the catalogue of roles, and the readers of one record with the reason for each."""

from __future__ import annotations

import uuid

from django.apps import apps
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.web import get_visible, page
from brigade.org import queries
from brigade.org.models import Record
from brigade.org.states import Role


def role_list(request: HttpRequest) -> HttpResponse:
    """Which role may do what, by subject, of all roles or of one; everybody who is signed in can read it."""
    asked = request.GET.get("role", "")
    role = Role(asked) if asked in Role.values else None
    subjects = [
        (subject, [line for line in lines if role is None or role in line[2]])
        for subject, lines in queries.role_catalogue()
    ]
    shown = {"roles": list(Role), "role": role, "subjects": [(subject, lines) for subject, lines in subjects if lines]}
    return page(request, "workbench/role_list.html", shown)


def record_access(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Who can see a record, and why. Shown to whoever can see it too."""
    try:
        model = apps.get_model(kind)
    except (LookupError, ValueError):
        raise Http404(_("没有这类记录。")) from None
    if not issubclass(model, Record):
        raise Http404(_("没有这类记录。"))
    record = get_visible(request, model._default_manager.select_related("unit"), pk)
    reasons = queries.who_can_see(record)
    return page(
        request,
        "workbench/record_access.html",
        {
            "record": record,
            "reasons": reasons,
            "people": len({reason.person.pk for reason in reasons}),
            "today": timezone.localdate(),
        },
    )
