"""What obligations tell people: one digest on the morning of a working day."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.notices.rules import Notice
from brigade.notices.states import Channel
from brigade.obligations.rules import DIGEST


def _title(context: Mapping[str, Any]) -> str:
    """How many lines follow, and how many of them are others' to do: the workbench counts one's own alone."""
    parts = [_("今天要看%(count)d件事")]
    if context["late"]:
        parts.append(_("其中%(late)d件已逾期"))
    if context["others"]:
        parts.append(_("都由别人办") if context["others"] == context["count"] else _("%(others)d件由别人办"))
    return "，".join(parts) % context


NOTICES = [
    Notice(
        code=DIGEST,
        label=gettext_lazy("早间提醒"),
        title=_title,
        body=lambda context: "\n".join(context["lines"]),
        channels=(Channel.APP, Channel.EMAIL),
    )
]
