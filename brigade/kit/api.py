"""What every endpoint shares: one shape of refusals, and pages that do not count."""

from __future__ import annotations

from math import isfinite
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.forms import BaseForm
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from rest_framework import exceptions, serializers
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from brigade.kit.refusals import NotAllowed, Refused, Stale
from brigade.kit.text import strip_unsafe
from brigade.kit.web import note_refusal


class RefusalSerializer(serializers.Serializer):
    """Why it was not done: one sentence, the field that it belongs to, the article of the law where there is one.

    `fields` of a conflict (409) are those that somebody else has changed since the record was read.
    """

    detail = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    article = serializers.CharField(allow_blank=True)
    fields: Any = serializers.ListField(child=serializers.CharField(), required=False)


class MomentField(serializers.DateTimeField):
    """A moment; one at the very edge of the calendar, which our time zone does not reach, is no moment."""

    def to_internal_value(self, value: Any) -> Any:
        try:
            return super().to_internal_value(value)
        except OverflowError:
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss+08:00")


class FiniteField(serializers.FloatField):
    """A number that can be reckoned with: neither "nan" nor "inf", which lie within no limits and outside of none."""

    def to_internal_value(self, data: Any) -> float:
        if not isfinite(number := super().to_internal_value(data)):
            self.fail("invalid")
        return number


class AvailableMoveSerializer(serializers.Serializer):
    """A move that the caller may make now, or what is missing for it."""

    code = serializers.CharField(source="move.code")
    label: Any = serializers.CharField(source="move.label")
    why_not = serializers.CharField(allow_blank=True)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal has one shape. What a rule or a missing right refuses is noted for the audit trail.

    400: cannot be read; 403: not one's duty; 404: not there or out of reach; 409: changed meanwhile; 413: too long;
    422: a rule.
    """
    request = context["request"]._request
    if isinstance(error, Refused):
        note_refusal(request, error)
        answer = _answer(str(error), error.field, str(error.article), error.status)
        if isinstance(error, Stale):
            answer.data["fields"] = error.fields
        return answer
    if isinstance(error, RequestDataTooBig):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024 // 1024
        return _answer(_("内容超过%dMB，请分次提交。") % limit, "", "", 413)
    response = exception_handler(error, context)
    if response is None:
        return None
    sentence, field = _first(response.data)
    if sentence.startswith("CSRF Failed"):
        sentence = _("页面放得太久，刷新后再提交。")
    elif response.status_code == 403 and request.user.is_authenticated:
        note_refusal(request, NotAllowed(sentence))
    refusal = _answer(sentence, field, "", response.status_code)
    for name, value in response.headers.items():
        refusal.headers.setdefault(name, value)
    return refusal


def _answer(sentence: str, field: str, article: str, status: int) -> Response:
    said = {"detail": strip_unsafe(sentence), "field": strip_unsafe(field), "article": article}
    return Response(said, status=status)


def _first(found: Any, path: str = "") -> tuple[str, str]:
    """The first sentence of nested errors, and the field that it belongs to."""
    if isinstance(found, dict) and found:
        name, below = next(iter(found.items()))
        inner = path if name in ("detail", "non_field_errors") else f"{path}.{name}".strip(".")
        return _first(below, inner)
    if isinstance(found, list) and found:
        return _first(next(filter(None, found), ""), path)
    return str(found), path


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

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, OverflowError):  # a cursor that somebody made up
            raise exceptions.NotFound(self.invalid_cursor_message) from None


class Schema(AutoSchema):
    """Every operation may also answer with a refusal."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        reads = self.method in ("GET", "HEAD")
        for code in ("403", "404") if reads else ("400", "403", "404", "409", "413", "415", "422"):
            bodies[code] = self._get_response_for_code(RefusalSerializer, code, direction=direction)
        return bodies
