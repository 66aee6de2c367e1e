"""What obligations tell people: one digest on the morning of a working day."""

from django.utils.translation import gettext_lazy as _

from brigade.notices.rules import Notice

NOTICES = [
    Notice(
        code="obligations.digest",
        label=_("早间提醒"),
        title=_("今天有{count}件事要看，其中{late}件已逾期"),
        body=_("{lines}"),
    )
]
