"""Channels and states of a message; states of an announcement."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    APP = "app", _("站内")
    EMAIL = "email", _("邮件")
    SMS = "sms", _("短信")


class MessageState(models.TextChoices):
    """A message in the portal is SENT by its insert; the other states belong to the outside channels."""

    WAITING = "waiting", _("待发送")
    SENDING = "sending", _("发送中")
    SENT = "sent", _("已发送")
    DROPPED = "dropped", _("已无需发送")
    EXPIRED = "expired", _("已过期")
    UNKNOWN = "unknown", _("结果不明")
    FAILED = "failed", _("发送失败")


class AnnouncementState(models.TextChoices):
    """What everybody has read is no state: it is counted from the receipts."""

    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤回")
