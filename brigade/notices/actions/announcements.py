"""Announcements (通知公告): written, published to everybody in the units chosen, read, signed for, reminded of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.files.models import File
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.text import clean_text, fitting, needed
from brigade.notices import queries
from brigade.notices.actions.messages import post
from brigade.notices.models import Announcement, AnnouncementFile, Message, Receipt
from brigade.notices.rules import PUBLISH_PERM, TITLE_LENGTH
from brigade.notices.states import AnnouncementState
from brigade.org.actions.units import lock_open
from brigade.org.models import Person, Unit
from brigade.org.rules import check_fresh

REMINDER = "notices.announcement_reminder"


@transaction.atomic
def draft_announcement(
    *,
    by: Any,
    id: UUID,
    title: str,
    text: str = "",
    units: Collection[Unit] = (),
    people: Collection[Person] = (),
    needs_signature: bool = False,
    files: Iterable[File] = (),
    version: int | None = None,
    now: datetime,
) -> Announcement:
    """Write or change a draft; for who may publish. The id is minted with the form, so sending it twice writes one.

    Refused: a published one, one that another changed meanwhile, units and people out of reach, a closed unit.
    """
    issuer = _issuing_unit(by)
    title = fitting(needed(title, "title", _("写明标题")), TITLE_LENGTH, "title")
    units, people = _checked(by, units, people, now)
    row = _begun(by, id, issuer, now)
    if row.version:
        _check_may(by, row)
        if row.state != AnnouncementState.DRAFT:
            raise Refused(_("已经发布的通知不能改，撤回后重新发"))
        check_fresh(row, version)
    before = _said(row)
    row.title, row.text, row.needs_signature = title, clean_text(text, multiline=True), needs_signature
    row.version += 1
    row.save()
    row.units.set(units)
    row.people.set(people)
    AnnouncementFile.objects.bulk_create(AnnouncementFile(announcement=row, file=file) for file in files)
    after = _said(row)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    audit.record("announcement.drafted", row, by=by, changes=changes, now=now)
    return row


def _begun(by: Any, id: UUID, issuer: Unit, now: datetime) -> Announcement:
    """The one with this id, held until the end; a new one, of version 0, where there is none yet."""
    rows = Announcement.objects.select_for_update().filter(pk=id)
    if (row := rows.first()) is not None:
        return row
    row = Announcement(id=id, unit=issuer, state=AnnouncementState.DRAFT, created_at=now, created_by=by, version=0)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # the same form, sent at the same moment
        return rows.get()
    return row


def _said(row: Announcement) -> dict[str, Any]:
    """What a draft says, for the trail; of a new one nothing yet."""
    said: dict[str, Any] = {name: getattr(row, name) for name in ("title", "text", "needs_signature")}
    for name in ("units", "people"):
        said[name] = [] if row.version == 0 else [str(one) for one in getattr(row, name).order_by("pk")]
    return said


@transaction.atomic
def publish_announcement(*, by: Any, announcement: Announcement, now: datetime) -> Announcement:
    """Send a draft to everybody who works in the units chosen or below them, and to the people named; for who may
    publish. Each gets one receipt, the author none. Publishing it again changes nothing.

    Refused: nobody to send it to, nothing to read in it, a unit that was closed meanwhile.
    """
    row = _locked(by, announcement)
    if row.state == AnnouncementState.PUBLISHED:
        return row
    if row.state == AnnouncementState.WITHDRAWN:
        raise Refused(_("已经撤回，要发就重新写一份"))
    units, people = list(row.units.all()), list(row.people.all())
    if not units and not people:
        raise Refused(_("选发给哪些单位或者哪些人"), field="units")
    if not row.text and not row.files.exists():
        raise Refused(_("写明内容，或者附上文件"), field="text")
    _checked(by, units, people, now)
    found = queries.people_reached(units, people, timezone.localdate(now))
    found.pop(row.created_by_id, None)
    if not found:
        raise Refused(_("选的单位里没有在用的账号，换一个范围"), field="units")
    Announcement.objects.filter(pk=row.pk).update(
        state=AnnouncementState.PUBLISHED, published_at=now, version=row.version + 1
    )
    _send(row, found, now)
    audit.record(
        "announcement.published", row, by=by, changes={"units": [[], [unit.short_name for unit in units]]}, now=now
    )
    row.refresh_from_db()
    return row


@transaction.atomic
def issue_announcement(*, by: Any, now: datetime, **fields: Any) -> Announcement:
    """Write and publish in one step; see both. What the form of an hour ago had published is given back as it is."""
    try:
        draft = draft_announcement(by=by, now=now, **fields)
    except Refused:  # what it was made of may be gone by now; who sent it at the same moment was first
        own = Announcement.objects.filter(pk=fields["id"], created_by=by.pk)
        if (done := own.exclude(state=AnnouncementState.DRAFT).first()) is None:
            raise
        return done
    return publish_announcement(by=by, announcement=draft, now=now)


@transaction.atomic
def withdraw_announcement(*, by: Any, announcement: Announcement, reason: str, now: datetime) -> Announcement:
    """Take it back with a reason; who opens it reads the reason, and nobody is reminded any more. Who may publish."""
    row = _locked(by, announcement)
    reason = fitting(needed(reason, "reason", _("写明撤回的原因")), 200, "reason")
    if row.state != AnnouncementState.PUBLISHED:
        raise Refused(_("只有已经发布的才能撤回"))
    Announcement.objects.filter(pk=row.pk).update(
        state=AnnouncementState.WITHDRAWN, withdrawn_at=now, withdrawn_reason=reason, version=row.version + 1
    )
    audit.record("announcement.withdrawn", row, by=by, note=reason, now=now)
    row.refresh_from_db()
    return row


@transaction.atomic
def open_announcement(*, by: Any, announcement: Announcement, now: datetime) -> None:
    """Note that a person has opened it: a plain one is read by that, and so are the reminders of it. Not audited: the
    receipt itself says when."""
    if announcement.state != AnnouncementState.PUBLISHED:
        return
    own = Receipt.objects.filter(announcement=announcement, person=by.pk, read_at__isnull=True)
    own.update(read_at=now, **({} if announcement.needs_signature else {"done_at": now}))
    Message.objects.visible_to(by).about(announcement).unread().update(read_at=now)


@transaction.atomic
def sign_announcement(*, by: Any, announcement: Announcement, now: datetime) -> None:
    """Sign for it (签收); who got it, once: signing again changes nothing."""
    row = Announcement.objects.select_for_update().get(pk=announcement.pk)
    receipt = Receipt.objects.filter(announcement=row, person=by.pk).first()
    if receipt is None:
        raise NotAllowed(_("这份通知没有发给你，不用签收"))
    if not row.needs_signature:
        raise Refused(_("这份通知打开就算看过，不用签收"))
    if row.state != AnnouncementState.PUBLISHED:
        raise Refused(_("这份通知已经撤回，不用签收"))
    if receipt.done_at is None:
        Receipt.objects.filter(pk=receipt.pk).update(read_at=receipt.read_at or now, signed_at=now, done_at=now)
        audit.record("announcement.signed", row, by=by, now=now)


@transaction.atomic
def remind_unread(*, by: Any, announcement: Announcement, now: datetime) -> int:
    """Remind those who have not read it (not signed, where that is asked), and nobody else, once a day at most; for
    who may publish. Returns how many."""
    row, today = _locked(by, announcement), timezone.localdate(now)
    if row.state != AnnouncementState.PUBLISHED:
        raise Refused(_("只有已经发布的才能提醒"))
    unread = Receipt.objects.filter(announcement=row, done_at__isnull=True, person__is_active=True)
    if not unread.exists():
        raise Refused(_("都看过了，不用提醒"))
    due = list(unread.exclude(reminded_on=today).select_related("person"))
    if not due:
        raise Refused(_("今天已经提醒过，明天再提醒"))
    post(
        REMINDER,
        to=[receipt.person for receipt in due],
        target=row,
        period=today.isoformat(),
        context={"title": row.title, "asks": _("签收") if row.needs_signature else _("看")},
        now=now,
    )
    Receipt.objects.filter(pk__in=[receipt.pk for receipt in due]).update(reminded_on=today)
    audit.record("announcement.reminded", row, by=by, changes={"people": [0, len(due)]}, now=now)
    return len(due)


@transaction.atomic
def send_to_newcomers(*, by: Any, announcement: Announcement, now: datetime) -> int:
    """Send it on to those who came into its units after it was published; for who may publish. Returns how many."""
    row = _locked(by, announcement)
    found = queries.newcomers(row, timezone.localdate(now))
    if not found:
        raise Refused(_("发布以后没有新到的人"))
    _send(row, found, now)
    audit.record("announcement.sent_on", row, by=by, changes={"people": [0, len(found)]}, now=now)
    return len(found)


def _send(row: Announcement, found: dict[int, int | None], now: datetime) -> None:
    Receipt.objects.bulk_create(
        [Receipt(announcement=row, person_id=person, unit_id=unit, sent_at=now) for person, unit in found.items()],
        batch_size=500,
        ignore_conflicts=True,
    )


def _locked(by: Any, announcement: Announcement) -> Announcement:
    row = Announcement.objects.select_for_update(of=("self",)).select_related("unit").get(pk=announcement.pk)
    _check_may(by, row)
    return row


def _check_may(by: Any, row: Announcement) -> None:
    if not by.has_perm(PUBLISH_PERM, row):
        raise NotAllowed(_("通知公告由发布单位的领导和内勤办"))


def _issuing_unit(by: Any) -> Unit:
    unit = Unit.objects.filter(pk__in=by.units_for(PUBLISH_PERM)).order_by("path").first()
    if unit is None:
        raise NotAllowed(_("通知公告由领导和内勤发"))
    return unit


def _checked(
    by: Any, units: Iterable[Unit], people: Iterable[Person], now: datetime
) -> tuple[list[Unit], list[Person]]:
    """Every unit stands open until the end of the transaction, every one and everybody lies within reach."""
    reach, today = by.units_for(PUBLISH_PERM), timezone.localdate(now)
    for unit in sorted(units, key=lambda unit: unit.pk):
        if unit.pk not in reach:
            raise NotAllowed(_("%s不归你管，不能发给它") % unit.name)
        lock_open(unit, today, "units")
    known = queries.people_in(reach, today)
    for person in people:
        if person.pk not in known:
            raise NotAllowed(_("%s不在你的单位，不能发给他") % person.name)
    return list(units), list(people)
