"""Messages to people, both the outbox and the inbox."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from brigade.notices.states import Channel, MessageState


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: Any) -> "MessageQuerySet":
        """A person's inbox: one's own messages in the portal and nobody else's."""
        return self.filter(recipient=user.pk, channel=Channel.APP)

    def unread(self) -> "MessageQuerySet":
        return self.filter(read_at__isnull=True)

    def due(self, now: datetime) -> "MessageQuerySet":
        """Outside messages that may leave and that no worker holds."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        return self.filter(free, state=MessageState.WAITING, not_before__lte=now)


class Message(models.Model):
    """One message to one person over one channel; `effect_key` makes it at most one, whoever asks how often.

    The text is fixed when it is posted. An outside message leaves no earlier than `not_before`, and not at all after
    `valid_until`.
    """

    effect_key = models.CharField(max_length=64, unique=True)
    code = models.CharField(_("通知"), max_length=60)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("接收人"))
    channel = models.CharField(_("渠道"), max_length=8, choices=Channel.choices)
    target_kind = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    title = models.CharField(_("标题"), max_length=120)
    body = models.TextField(_("内容"), blank=True)
    url = models.CharField(max_length=200, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=MessageState.choices)
    created_at = models.DateTimeField(_("时间"))
    not_before = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=36, blank=True)
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True)
    read_at = models.DateTimeField(_("阅读时间"), null=True)
    note = models.CharField(max_length=200, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("消息")
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], condition=Q(channel="app"), name="message_inbox"),
            models.Index(fields=["recipient"], condition=Q(channel="app", read_at__isnull=True), name="message_unread"),
            models.Index(fields=["not_before", "id"], condition=Q(state="waiting"), name="message_next"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="message_leased"),
            models.Index(fields=["-created_at", "-id"], condition=Q(state="failed"), name="message_failed"),
            models.Index(fields=["-created_at", "-id"], condition=Q(state="unknown"), name="message_unknown"),
            models.Index(fields=["target_kind", "target_id", "-created_at"], name="message_target"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease_until__isnull=False), name="message_sends_under_lease"
            ),
        ]

    def __str__(self) -> str:
        return self.title
