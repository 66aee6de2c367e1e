"""States of an obligation."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ObligationState(models.TextChoices):
    """Late is no state: it is an open obligation whose `due_at` has passed."""

    OPEN = "open", _("待办")
    PAUSED = "paused", _("中止")
    MET = "met", _("已办")
    WAIVED = "waived", _("豁免")
    NOT_APPLICABLE = "na", _("不适用")
    MISSED = "missed", _("未达标")
    VOID = "void", _("作废")


LIVE = frozenset({ObligationState.OPEN, ObligationState.PAUSED})
EXCUSED = frozenset({ObligationState.WAIVED, ObligationState.NOT_APPLICABLE})
