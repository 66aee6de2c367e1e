"""JSON as the API takes it. Apart from `api.py`: the framework reads its parsers before its views are there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import JSONParser


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"


class Json(JSONParser):
    """JSON up to the size that a form may have, nested as deep as anything sensible."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > limit:
            raise TooLarge(_("内容超过%dMB，请分次提交。") % (limit // 1024 // 1024))
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError(_("内容嵌套太深，读不出来。")) from None
