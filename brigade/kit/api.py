"""What every endpoint shares: a refusal as an answer, and pages that do not count."""

from typing import Any

from django.forms import BaseForm
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from brigade.kit.refusals import Refused
from brigade.kit.web import note_refusal


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """A refusal answers with its status (422, 409, 403) and its one sentence, and is noted for the audit trail."""
    if not isinstance(error, Refused):
        return exception_handler(error, context)
    note_refusal(context["request"]._request, error)
    return Response({"detail": str(error), "field": error.field, "article": str(error.article)}, status=error.status)


def refuse_invalid(form: BaseForm) -> None:
    """Refuse with the first thing that a form finds wrong."""
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Refused(errors[0], field="" if field == "__all__" else field)


class Pages(CursorPagination):
    """Page after page without a total: an endpoint names its `ordering`, which an index serves."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "per"
