"""JSON as the API takes it. Apart from `api.py`: the framework reads its parsers before its views are there."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import JSONParser


class Json(JSONParser):
    """JSON nested as deep as anything sensible; how long it may be says `DATA_UPLOAD_MAX_MEMORY_SIZE`."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError(_("内容嵌套太深，读不出来。")) from None
