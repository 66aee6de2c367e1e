"""States of a task that was handed out, and what a line of its thread says."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AssignmentState(models.TextChoices):
    """Late and "extension asked" are no states: they are read from days."""

    OPEN = "open", _("办理中")
    REPLIED = "replied", _("已回复")
    RETURNED = "returned", _("退回重办")
    DONE = "done", _("已办结")
    WITHDRAWN = "withdrawn", _("已撤回")


RUNNING = frozenset({AssignmentState.OPEN, AssignmentState.RETURNED})
"""The addressee has something to do."""
LIVE = RUNNING | {AssignmentState.REPLIED}
"""Not yet over."""


class LineKind(models.TextChoices):
    """What a line of the thread is: who said what when."""

    HANDED_OUT = "handed_out", _("交办")
    REPLY = "reply", _("回复")
    FINISHED = "finished", _("办完")
    ACCEPTED = "accepted", _("认可办结")
    SENT_BACK = "sent_back", _("退回重办")
    URGED = "urged", _("催办")
    REMARK = "remark", _("留言")
    ASKED_EXTENSION = "asked", _("申请延期")
    EXTENDED = "extended", _("延期")
    REFUSED_EXTENSION = "refused", _("不同意延期")
    WITHDRAWN = "withdrawn", _("撤回")
