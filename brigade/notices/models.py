"""Messages to people, both the outbox and the inbox; announcements with a receipt for each who gets one."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from brigade.files.models import File
from brigade.kit.addresses import record_address
from brigade.kit.ids import new_id
from brigade.notices.states import AnnouncementState, Channel, MessageState
from brigade.org.models import Unit, Versioned

PUBLISH_PERM = "notices.publish_announcement"
"""To write announcements of a unit, to publish them and to see who has read them."""


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: Any) -> "MessageQuerySet":
        """A person's inbox: one's own messages in the portal and nobody else's."""
        return self.filter(recipient=user.pk, channel=Channel.APP)

    def unread(self) -> "MessageQuerySet":
        return self.filter(read_at__isnull=True)

    def about(self, target: models.Model) -> "MessageQuerySet":
        return self.filter(target_kind=target._meta.label_lower, target_id=str(target.pk))

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


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def visible_to(self, user: Any) -> "AnnouncementQuerySet":
        """What was sent to oneself, and all of the units for which one may publish, drafts too."""
        got = Receipt.objects.filter(person=user.pk).values("announcement")
        return self.filter(Q(pk__in=got) | Q(unit__in=user.units_for(PUBLISH_PERM)))

    def published(self) -> "AnnouncementQuerySet":
        return self.filter(state=AnnouncementState.PUBLISHED)


class Announcement(Versioned):
    """A notice to everybody in some units, or to people by name (通知公告), published once and never changed after.

    Who gets it is worked out when it is published: one receipt a person. Who comes into a unit later gets none by
    himself; the page of the receipts names him, and one press sends it on. One that asks for a signature (签收) counts
    as read when it is signed, any other when it is opened.
    """

    CHANGED_BY = frozenset({"announcement.drafted", "announcement.published", "announcement.withdrawn"})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("发布单位"))
    title = models.CharField(_("标题"), max_length=120)
    text = models.TextField(_("内容"), blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=AnnouncementState.choices)
    needs_signature = models.BooleanField(_("要求签收"), default=False)
    units = models.ManyToManyField(Unit, related_name="+", verbose_name=_("发给单位"))
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("发给个人"))
    created_at = models.DateTimeField(_("起草时间"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("发布人"))
    published_at = models.DateTimeField(_("发布时间"), null=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)
    withdrawn_reason = models.CharField(_("撤回原因"), max_length=200, blank=True)
    is_synthetic = models.BooleanField(_("演示数据"), default=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("通知公告")
        indexes = [
            models.Index(fields=["unit", "-created_at", "-id"], name="announcement_of_unit"),
            models.Index(fields=["-created_at", "-id"], name="announcement_by_day"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False), name="announcement_published_at"
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(withdrawn_reason__gt=""), name="announcement_withdrawn_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return record_address("workbench:announcement_detail", self.pk)


class AnnouncementFile(models.Model):
    """A file that an announcement brings along."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="files")
    file = models.ForeignKey(File, models.PROTECT, related_name="+", verbose_name=_("附件"))

    class Meta:
        verbose_name = _("通知附件")
        constraints = [models.UniqueConstraint(fields=["announcement", "file"], name="announcementfile_once")]


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def counted(self) -> "ReceiptQuerySet":
        """Without those who have left before they read it: nobody waits for them, and what they read stays read."""
        return self.filter(Q(done_at__isnull=False) | Q(person__is_active=True))

    def unread_by(self, user: Any) -> "ReceiptQuerySet":
        """What a person still has to read or to sign."""
        return self.filter(person=user.pk, done_at__isnull=True, announcement__state=AnnouncementState.PUBLISHED)


class Receipt(models.Model):
    """That an announcement went to a person (回执): `done_at` is when it was signed for, or else first opened."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="receipts")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("姓名"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("单位"))
    sent_at = models.DateTimeField(_("送达时间"))
    read_at = models.DateTimeField(_("阅读时间"), null=True)
    signed_at = models.DateTimeField(_("签收时间"), null=True)
    done_at = models.DateTimeField(null=True)
    reminded_on = models.DateField(_("提醒"), null=True)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("回执")
        indexes = [
            models.Index(fields=["person"], condition=Q(done_at__isnull=True), name="receipt_unread"),
            models.Index(fields=["announcement", "done_at"], name="receipt_of_announcement"),
        ]
        constraints = [models.UniqueConstraint(fields=["announcement", "person"], name="receipt_once_a_person")]
