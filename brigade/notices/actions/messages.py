"""Posting messages, sending those for the outside, reading them."""

import json
import os
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from brigade.kit.refusals import NotAllowed
from brigade.notices import queries, rules
from brigade.notices.models import Message
from brigade.notices.rules import NOTICES, effect_key, outside_text, worded
from brigade.notices.states import Channel, MessageState
from brigade.org.models import Grant, Person
from brigade.org.states import Role
from brigade.reference.queries import calendar_alarm

POST_BATCH = 500


class NotSent(Exception):
    """The adapter is sure that nothing left; the message may be tried again."""


class Adapter(Protocol):
    """A way out of the portal. Anything but a return or NotSent means that nobody knows whether it was sent."""

    def send(self, message: Message) -> None: ...

    def was_sent(self, message: Message) -> bool | None:
        """Asked after a worker died while sending; None when the channel cannot say."""
        ...


class FileDrop:
    """One JSON file a message under settings.OUTBOX_DIR, for a gateway to fetch; its name is the effect key."""

    def send(self, message: Message) -> None:
        path = self._path(message)
        draft = path.with_suffix(f".{os.getpid()}.part")
        content = {
            "key": message.effect_key,
            "channel": message.channel,
            "police_no": message.recipient.police_no,
            "title": message.title,
            "body": message.body,
            "at": message.created_at.isoformat(),
        }
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            raise NotSent(error.strerror or str(error)) from error

    def was_sent(self, message: Message) -> bool:
        return self._path(message).exists()

    def _path(self, message: Message) -> Path:
        return Path(settings.OUTBOX_DIR) / message.channel / f"{message.effect_key}.json"


def adapter(channel: str) -> Adapter | None:
    """What the settings name for a channel: `off`, `file`, or the dotted path of a class."""
    name = {Channel.EMAIL: settings.EMAIL_CHANNEL, Channel.SMS: settings.SMS_CHANNEL}[Channel(channel)]
    if name == "off":
        return None
    sender: Adapter = FileDrop() if name == "file" else import_string(name)()
    return sender


@transaction.atomic(savepoint=False)
def post(
    code: str,
    *,
    to: Iterable[Any],
    context: Mapping[str, Any] | None = None,
    target: Any = None,
    stage: str = "",
    period: str = "",
    now: datetime,
) -> None:
    """Tell people something, each of them once, in the caller's transaction.

    One effect is one (notice, period, target, person, channel, stage): posting it again does nothing, so a notice
    about the same target that may come again needs a `stage` or `period` of its own. In the portal the insert is the
    delivery. Outside copies are made only for channels that are switched on, without identity numbers, telephone
    numbers and plates, and wait until the quiet hours are over.
    """
    notice = NOTICES[code]
    title = worded(notice.title, context or {})
    body = worded(notice.body, context or {})
    kind, pk = (target._meta.label_lower, str(target.pk)) if target is not None else ("", "")
    url = target.get_absolute_url() if hasattr(target, "get_absolute_url") else ""
    channels = [channel for channel in notice.channels if channel == Channel.APP or adapter(channel)]
    leaves_at = now if notice.urgent else queries.quiet_hours(now).next_allowed(now)
    Message.objects.bulk_create(
        (
            Message(
                effect_key=effect_key(
                    code=code,
                    period=period,
                    subject=f"{kind}:{pk}",
                    recipient=person.pk,
                    channel=channel,
                    stage=stage,
                ),
                code=code,
                recipient_id=person.pk,
                channel=channel,
                target_kind=kind,
                target_id=pk,
                title=_cut(title if channel == Channel.APP else outside_text(title)),
                body=body if channel == Channel.APP else outside_text(body),
                url=url,
                state=MessageState.SENT if channel == Channel.APP else MessageState.WAITING,
                created_at=now,
                sent_at=now if channel == Channel.APP else None,
                not_before=now if channel == Channel.APP else leaves_at,
                valid_until=now + notice.valid_for if notice.valid_for else None,
            )
            for person in to
            for channel in channels
        ),
        batch_size=POST_BATCH,
        ignore_conflicts=True,
    )


def _cut(title: str) -> str:
    return title if len(title) <= rules.TITLE_LENGTH else title[: rules.TITLE_LENGTH - 1] + "…"


def relay(*, now: datetime) -> str:
    """The timed run of `deliver`: a late run must know that it is late, so it asks the clock and not the plan."""
    return deliver(now=timezone.now())


def deliver(*, now: datetime) -> str:
    """Send what is due to the outside, batch by batch, for at most DELIVER_SECONDS.

    A message whose sender died in the act is asked after at its channel: if it did not leave it is sent, if nobody can
    say it becomes UNKNOWN and is never sent again by itself. What has become untrue or too old does not leave.
    """
    started = time.monotonic()

    def clock() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started)

    settled, sent = _settle_lapsed(now), 0
    while time.monotonic() - started < rules.DELIVER_SECONDS and (batch := _claim(clock())):
        senders = {channel: adapter(channel) for channel in {message.channel for message in batch}}
        for message in batch:
            if sender := senders[message.channel]:
                sent += _send(message, sender, clock())
    return _("发出%(sent)s条，核对%(settled)s条") % {"sent": sent, "settled": settled}


@transaction.atomic
def _settle_lapsed(now: datetime) -> int:
    lapsed = list(
        Message.objects.filter(state=MessageState.SENDING, lease_until__lt=now)
        .select_for_update(skip_locked=True)
        .order_by("id")
    )
    for message in lapsed:
        sender = adapter(message.channel)
        match sender.was_sent(message) if sender else None:
            case True:
                _finish(message, MessageState.SENT, sent_at=now)
            case False if message.attempts < rules.ATTEMPTS:
                _finish(message, MessageState.WAITING)
            case False:
                _finish(message, MessageState.FAILED, note=_("发送中断"))
            case None:
                _finish(message, MessageState.UNKNOWN, note=_("发送中断，结果不明"))
    return len(lapsed)


@transaction.atomic
def _claim(now: datetime) -> list[Message]:
    """Take the next due messages for one lease, after dropping those that must not leave any more.

    They stay WAITING until their own turn, so that a worker that dies leaves at most one message in doubt.
    """
    owner = str(uuid4())
    due = Message.objects.due(now)
    allowed_at = queries.quiet_hours(now).next_allowed(now)
    if allowed_at > now:
        due = due.filter(code__in=[notice.code for notice in NOTICES.values() if notice.urgent])
    batch: list[Message] = []
    while not batch:
        rows = list(
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("recipient")
            .order_by("not_before", "id")[: rules.BATCH]
        )
        if not rows:
            return []
        true = queries.still_true(rows)
        expired = [row.pk for row in rows if row.valid_until and row.valid_until < now]
        off = [row.pk for row in rows if adapter(row.channel) is None]
        untrue = [row.pk for row in rows if not true[row.pk]]
        _drop(expired, MessageState.EXPIRED, "")
        _drop(untrue, MessageState.DROPPED, _("情况已变化"))
        _drop(off, MessageState.DROPPED, _("渠道已关闭"))
        gone = {*expired, *untrue, *off}
        batch = [row for row in rows if row.pk not in gone]
    Message.objects.filter(pk__in=[row.pk for row in batch]).update(lease_owner=owner, lease_until=now + rules.LEASE)
    for row in batch:
        row.lease_owner = owner
    return batch


def _drop(ids: list[int], state: MessageState, note: str) -> None:
    Message.objects.filter(pk__in=ids, state=MessageState.WAITING).update(state=state, note=note)


def _send(message: Message, sender: Adapter, now: datetime) -> bool:
    """Send one message if its lease is still held, and write down how it went."""
    own = Message.objects.filter(pk=message.pk, state=MessageState.WAITING, lease_owner=message.lease_owner)
    if not own.update(state=MessageState.SENDING, lease_until=now + rules.LEASE, attempts=F("attempts") + 1):
        return False
    try:
        sender.send(message)
    except NotSent as error:
        again = rules.next_attempt(now, message.attempts + 1)
        if again is None:
            _finish(message, MessageState.FAILED, note=str(error))
        else:
            _finish(message, MessageState.WAITING, note=str(error), not_before=again)
        return False
    except Exception as error:  # noqa: BLE001 it may be out: never send it again blindly
        _finish(message, MessageState.UNKNOWN, note=type(error).__name__)
        return False
    _finish(message, MessageState.SENT, sent_at=now)
    return True


def _finish(message: Message, state: MessageState, *, note: str = "", **changes: Any) -> None:
    Message.objects.filter(pk=message.pk, state=MessageState.SENDING, lease_owner=message.lease_owner).update(
        state=state, note=note[:200], lease_owner="", lease_until=None, **changes
    )


def mark_read(*, by: Any, message_id: int, now: datetime) -> None:
    """Note that a person has read a message of their own; anybody else's is refused. Not audited: it says nothing."""
    own = Message.objects.visible_to(by).filter(pk=message_id)
    if not own.unread().update(read_at=now) and not own.exists():
        raise NotAllowed(_("只能处理自己的消息。"))


def mark_all_read(*, by: Any, now: datetime) -> int:
    """Note that a person has read all that has arrived until now; returns how many were unread."""
    return Message.objects.visible_to(by).unread().filter(created_at__lte=now).update(read_at=now)


def warn_calendar(*, now: datetime) -> str:
    """Tell the business administrators, once a day, that the list of holidays of a year is missing."""
    today = timezone.localdate(now)
    year = calendar_alarm(today)
    if year is None:
        return _("放假安排齐全")
    holders = Person.objects.filter(
        pk__in=Grant.objects.on(today).filter(role=Role.BUSINESS_ADMIN).values("person"), is_active=True
    )
    post("notices.calendar_missing", to=holders, context={"year": year}, period=today.isoformat(), now=now)
    return _("已提醒录入%(year)s年放假安排") % {"year": year}
