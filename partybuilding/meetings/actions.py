"""Every write to meetings, decisions, waivers and leave. Who may do it and from which state stands in `moves.py`.

A meeting is written down in one call: its segments, roll, agenda, votes, decisions and photos come in as one `Sheet`
and go in as one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.files.models import File
from brigade.kit.clocks import at, parse_period
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text
from brigade.org.models import Person, Unit
from brigade.reference.actions import next_number
from brigade.reference.queries import calendar, parameter
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.branches.queries import Due, structure
from partybuilding.meetings import moves, queries, rules
from partybuilding.meetings.models import (
    AgendaItem,
    Attendance,
    Decision,
    Leave,
    Meeting,
    MeetingEdition,
    MeetingPhoto,
    Segment,
    Session,
    Vote,
    Waiver,
    WrittenOpinion,
)
from partybuilding.meetings.rules import Count, Sheet, Task, Topic
from partybuilding.meetings.states import (
    HELD,
    NOT_DUE,
    ON_LEAVE,
    REQUIRED,
    THERE,
    DecisionState,
    LeaveState,
    MakeUp,
    MeetingState,
    Presence,
    SegmentKind,
    Source,
    VoteKind,
)

NUMBER_KIND = "meetings.meeting"
WAITING = frozenset({MeetingState.NOTIFIED, MeetingState.POSTPONED})
"""Announced and not yet recorded: those due stand on the roll, unmarked."""


# Meetings


def plan_meeting(*, by: Any, sheet: Sheet, now: datetime, meeting_id: UUID | None = None) -> Meeting:
    """Put a meeting on the plan as a draft. Recorder, secretary, Party office; a group leader for his own group.

    The same `meeting_id` sent twice is one meeting.
    """
    branch = _check(by, sheet, None)
    meeting = _blank(sheet, branch, meeting_id)
    return workflow.begin(meeting, moves.PLAN, by=by, now=now, write=_writer(sheet, branch, by, now))


def record_meeting(
    *,
    by: Any,
    sheet: Sheet,
    now: datetime,
    meeting: Meeting | None = None,
    meeting_id: UUID | None = None,
    version: int | None = None,
) -> Meeting:
    """Write down a meeting that was held, straight away or from the plan, and hand it to the chair to confirm.

    Recorder, secretary, Party office; a group leader for his own group. Whoever is not marked otherwise was there; the
    roll is that of the start date. Each decision becomes a duty of its owner. Refused for a meeting that has not begun.
    """
    if sheet.starts_at > now:
        raise Refused(_("会议还没有开始，不能记录"), field="starts_at")
    branch = _check(by, sheet, meeting)
    if meeting is None:
        blank = _blank(sheet, branch, meeting_id)
        return workflow.begin(blank, moves.RECORD, by=by, now=now, write=_writer(sheet, branch, by, now))
    return workflow.advance(
        meeting,
        moves.SUBMIT,
        by=by,
        now=now,
        version=version,
        changes=_header(sheet, branch),
        write=_writer(sheet, branch, by, now, submits=True),
    )


def edit_meeting(*, by: Any, meeting: Meeting, sheet: Sheet, version: int, now: datetime) -> Meeting:
    """Change a meeting that is planned, announced or waiting to be confirmed. Whoever may record it.

    `version` is the one that the person saw; somebody else's change since then refuses and loses nothing.
    """
    branch = _check(by, sheet, meeting)
    if meeting.state in HELD and sheet.starts_at > now:
        raise Refused(_("已经记录的会议，开始时间不能晚于现在"), field="starts_at")
    return workflow.edit(
        meeting,
        moves.EDIT,
        by=by,
        now=now,
        version=version,
        changes=_header(sheet, branch),
        write=_writer(sheet, branch, by, now),
    )


def submit_meeting(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """Hand a planned or announced meeting to its chair as it stands: all who were due were there but those on leave."""
    sheet = replace(queries.sheet_of(meeting), marks=queries.leave_marks(meeting))
    return record_meeting(by=by, meeting=meeting, sheet=sheet, version=version, now=now)


def notify_meeting(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """Announce a planned or postponed meeting to all who are due. Whoever may record it. Refused when it is past."""

    def write(locked: Meeting) -> Mapping[str, Any]:
        sheet = queries.sheet_of(locked)
        return {"due": len(_write_roll(locked, sheet, _due_of(locked, sheet, frozen=False), now))}

    return workflow.advance(meeting, moves.NOTIFY, by=by, now=now, version=version, write=write)


def confirm_meeting(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """The chair or the secretary stands by the record: from now on it counts for every requirement and figure.

    Refused while anybody is unmarked or another check blocks. Late after five working days, which is only marked.
    """

    def write(locked: Meeting) -> Mapping[str, Any]:
        if locked.edition == 1:
            days = parameter("party.record_deadline_workdays", locked.held_on)
            locked.record_late = rules.is_record_late(timezone.localdate(now), locked.held_on, days, calendar())
        return {}

    changes = {"confirmed_at": now, "confirmed_by_id": by.pk}
    return workflow.advance(meeting, moves.CONFIRM, by=by, now=now, version=version, changes=changes, write=write)


def archive_meeting(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """Put a confirmed record away; it goes on counting. Recorder, secretary, Party office."""
    return workflow.advance(meeting, moves.ARCHIVE, by=by, now=now, version=version)


def postpone_meeting(
    *,
    by: Any,
    meeting: Meeting,
    reason: str,
    now: datetime,
    starts_at: datetime | None = None,
    version: int | None = None,
) -> Meeting:
    """Put off an announced meeting, with a reason; to another start, its length kept, or to one still to be named.

    Whoever may record it. Postponed, it is announced anew.
    """

    def write(locked: Meeting) -> Mapping[str, Any]:
        if starts_at is not None:
            shift = starts_at - locked.starts_at
            locked.starts_at, locked.ends_at = locked.starts_at + shift, locked.ends_at + shift
            moved = {"starts_at": F("starts_at") + shift, "ends_at": F("ends_at") + shift}
            Segment.objects.filter(meeting=locked).update(**moved)
            Session.objects.filter(meeting=locked).update(**moved)
        return {}

    changes = {"state_reason": _fit(reason, 200, "reason")}
    return workflow.advance(
        meeting, moves.POSTPONE, by=by, now=now, version=version, reason=reason, changes=changes, write=write
    )


def cancel_meeting(*, by: Any, meeting: Meeting, reason: str, now: datetime, version: int | None = None) -> Meeting:
    """Call off an announced meeting, with a reason; it counts for nothing. Whoever may record it."""
    changes = {"state_reason": _fit(reason, 200, "reason")}
    return workflow.advance(meeting, moves.CANCEL, by=by, now=now, version=version, reason=reason, changes=changes)


def approve_backfill(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """Agree that a meeting is entered long after it was held. Party office, general secretary."""
    changes = {"backfill_approved_by_id": by.pk}
    return workflow.edit(meeting, moves.APPROVE_BACKFILL, by=by, now=now, version=version, changes=changes)


def reopen_meeting(*, by: Any, meeting: Meeting, reason: str, now: datetime, version: int | None = None) -> Meeting:
    """Open a confirmed record for correction, with a reason. Secretary, Party office.

    What it said so far is kept as an edition; it counts for nothing until it is confirmed again.
    """
    why = _fit(reason, 200, "reason")

    def write(locked: Meeting) -> Mapping[str, Any]:
        MeetingEdition.objects.create(
            meeting=locked,
            edition=locked.edition,
            content=_content(Meeting.objects.get(pk=locked.pk)),
            reason=why,
            at=now,
            by_id=by.pk,
        )
        locked.edition += 1
        return {}

    changes = {"confirmed_at": None, "confirmed_by_id": None, "state_reason": why}
    return workflow.advance(
        meeting, moves.REOPEN, by=by, now=now, version=version, reason=reason, changes=changes, write=write
    )


def void_meeting(*, by: Any, meeting: Meeting, reason: str, now: datetime, version: int | None = None) -> Meeting:
    """Take a draft or a mistaken record out of use, with a reason; its number stays, its open decisions fall with it.

    A confirmed record is reopened first.
    """

    def write(locked: Meeting) -> Mapping[str, Any]:
        rows = list(Decision.objects.filter(meeting=locked, state=DecisionState.OPEN))
        for row in rows:
            workflow.advance(row, moves.VOID_DECISION, by=by, now=now, reason=reason)
        return {"decisions": len(rows)} if rows else {}

    changes = {"state_reason": _fit(reason, 200, "reason")}
    return workflow.advance(
        meeting, moves.VOID, by=by, now=now, version=version, reason=reason, changes=changes, write=write
    )


def make_up(
    *, by: Any, meeting: Meeting, people: Collection[int], on: date, now: datetime, version: int | None = None
) -> Meeting:
    """Note that people who were not there made the study up; they earn its hours once. Whoever may record it."""
    if not meeting.held_on <= on <= timezone.localdate(now):
        raise Refused(_("补课日期要在会议之后、今天以前"), field="on")

    def write(locked: Meeting) -> Mapping[str, Any]:
        rows = Attendance.objects.filter(meeting=locked, person__in=people).exclude(status__in=THERE | NOT_DUE)
        names = list(rows.exclude(makeup=MakeUp.DONE).values_list("person__name", flat=True))
        if not names:
            raise Refused(_("选的人都到会了，或已经补过课"), field="people")
        rows.update(makeup=MakeUp.DONE, made_up_on=on)
        return {"makeup": [None, "、".join(names)]}

    return workflow.edit(meeting, moves.MAKE_UP, by=by, now=now, version=version, write=write)


def expire_meetings(*, now: datetime) -> str:
    """Announced meetings whose day went by without a word become 过期未记录. A timed job, early each day."""
    midnight = at(timezone.localdate(now), time.min)
    rows = list(Meeting.objects.filter(state=MeetingState.NOTIFIED, ends_at__lt=midnight).order_by("pk"))
    for meeting in rows:
        workflow.advance(meeting, moves.EXPIRE, by=SYSTEM, now=now)
    return _("过期未记录%(n)d次") % {"n": len(rows)}


# Decisions


def finish_decision(*, by: Any, decision: Decision, result: str, now: datetime, version: int | None = None) -> Decision:
    """Say that a decision is carried out, and how. Its owner, the secretary, Party office."""
    result = _fit(result, 500, "result")
    if not result:
        raise Refused(_("写一句办理结果"), field="result")
    changes = {"result": result, "finished_at": now}
    return workflow.advance(decision, moves.FINISH_DECISION, by=by, now=now, version=version, changes=changes)


def drop_decision(*, by: Any, decision: Decision, reason: str, now: datetime, version: int | None = None) -> Decision:
    """Give up a decision, with a reason. Secretary, Party office."""
    changes = {"result": _fit(reason, 500, "reason")}
    return workflow.advance(
        decision, moves.DROP_DECISION, by=by, now=now, version=version, reason=reason, changes=changes
    )


# Waivers


def ask_waiver(
    *,
    by: Any,
    unit: Unit,
    requirement: str,
    period: str,
    reason: str,
    now: datetime,
    waiver_id: UUID | None = None,
) -> Waiver:
    """Ask that one requirement be waived for one period, instead of inventing a meeting. Recorder, secretary."""
    branch = PartyBranch.objects.filter(pk=unit.pk).first()
    if branch is None or requirement not in REQUIRED or branch.is_general != (requirement == SegmentKind.GB):
        raise Refused(_("这个支部没有这项要求"), field="requirement")
    try:
        span = parse_period(period)
    except ValueError:
        raise Refused(_("期间不对，例如2026-06或2026-Q2"), field="period") from None
    if span.kind != rules.period_kind(requirement):
        raise Refused(
            _("这项要求按%(kind)s算") % {"kind": _("季度") if requirement in rules.QUARTERLY else _("月")},
            field="period",
        )
    reason = _fit(reason, 200, "reason")
    if not reason:
        raise Refused(_("写明豁免的理由，例如执勤高峰"), field="reason")
    waiver = Waiver(
        pk=waiver_id or new_id(),
        unit=unit,
        title=_("%(period)s%(kind)s豁免") % {"period": span.label, "kind": SegmentKind(requirement).label},
        requirement=requirement,
        period=period,
        reason=reason,
    )
    same = Waiver.objects.filter(unit=unit, requirement=requirement, period=period).exclude(pk=waiver.pk)
    if same.exclude(state="returned").exists():
        raise Refused(_("这项要求在这个期间已经申请过豁免"), field="period")
    return workflow.begin(waiver, moves.ASK_WAIVER, by=by, now=now)


def approve_waiver(*, by: Any, waiver: Waiver, now: datetime, answer: str = "", version: int | None = None) -> Waiver:
    """Waive the requirement: its cell of the matrix turns to 豁免. General secretary, Party office, political officer.

    Nobody approves what he asked for himself.
    """
    changes = {"decided_by_id": by.pk, "decided_at": now, "answer": _fit(answer, 200, "answer")}
    return workflow.advance(waiver, moves.APPROVE_WAIVER, by=by, now=now, version=version, changes=changes)


def return_waiver(*, by: Any, waiver: Waiver, reason: str, now: datetime, version: int | None = None) -> Waiver:
    """Send a waiver back, with a reason; it may be asked for again. Who may approve it may return it."""
    changes = {"decided_by_id": by.pk, "decided_at": now, "answer": _fit(reason, 200, "reason")}
    return workflow.advance(
        waiver, moves.RETURN_WAIVER, by=by, now=now, version=version, reason=reason, changes=changes
    )


# Leave


def file_leave(
    *,
    by: Any,
    meeting: Meeting,
    person: Person,
    kind: str,
    reason: str,
    now: datetime,
    leave_id: UUID | None = None,
) -> Leave:
    """Ask to be excused from a meeting. The person himself, or whoever keeps the record for him.

    Filed before the start it counts as leave at once and the secretary decides; filed later it is 补假, and the
    person is absent until it is approved.
    """
    reason = _fit(reason, 120, "reason")
    if kind not in ON_LEAVE:
        raise Refused(_("选请假的类别"), field="kind")
    if not reason:
        raise Refused(_("写明请假的事由"), field="reason")
    if meeting.state not in HELD | WAITING | {MeetingState.EXPIRED}:
        raise Refused(_("这次会议现在不能请假"))
    if not Attendance.objects.filter(meeting=meeting, person=person).exclude(status__in=NOT_DUE).exists():
        raise Refused(_("%(name)s不在这次会议的应到名单里") % {"name": person.name}, field="person")
    leave = Leave(
        pk=leave_id or new_id(),
        unit=meeting.unit,
        title=_("%(name)s请假：%(meeting)s") % {"name": person.name, "meeting": meeting.title[:80]},
        meeting=meeting,
        person=person,
        leave_kind=kind,
        reason=reason,
        late=rules.is_late_leave(now, meeting.starts_at),
    )
    asked = Leave.objects.filter(meeting=meeting, person=person).exclude(pk=leave.pk)
    if asked.exclude(state=LeaveState.RETURNED).exists():
        raise Refused(_("%(name)s已经为这次会议请过假") % {"name": person.name}, field="person")
    return workflow.begin(leave, moves.ASK_LEAVE, by=by, now=now)


def approve_leave(*, by: Any, leave: Leave, now: datetime, version: int | None = None) -> Leave:
    """Excuse the person. Secretary. Where the roll has him absent it is corrected, and the rates with it."""

    def write(locked: Leave) -> Mapping[str, Any]:
        away = {Presence.ABSENT, *ON_LEAVE}
        rows = Attendance.objects.filter(meeting=locked.meeting_id, person=locked.person_id, status__in=away)
        changed = rows.update(
            status=locked.leave_kind,
            source=Source.LEAVE,
            reason=locked.reason,
            late_leave=locked.late,
            approved_by=by.pk,
        )
        return {"attendance": [Presence.ABSENT, locked.leave_kind]} if changed else {}

    changes = {"decided_by_id": by.pk, "decided_at": now}
    return workflow.advance(leave, moves.APPROVE_LEAVE, by=by, now=now, version=version, changes=changes, write=write)


def return_leave(*, by: Any, leave: Leave, reason: str, now: datetime, version: int | None = None) -> Leave:
    """Refuse leave, with a reason. Secretary."""
    changes = {"decided_by_id": by.pk, "decided_at": now, "answer": _fit(reason, 200, "reason")}
    return workflow.advance(leave, moves.RETURN_LEAVE, by=by, now=now, version=version, reason=reason, changes=changes)


MAKE: dict[str, Callable[..., Any]] = {
    "meeting.submit": submit_meeting,
    "meeting.notify": notify_meeting,
    "meeting.confirm": confirm_meeting,
    "meeting.archive": archive_meeting,
    "meeting.approve_backfill": approve_backfill,
    "meeting.postpone": postpone_meeting,
    "meeting.cancel": cancel_meeting,
    "meeting.reopen": reopen_meeting,
    "meeting.void": void_meeting,
    "meeting.make_up": make_up,
    "decision.finish": finish_decision,
    "decision.drop": drop_decision,
    "waiver.approve": approve_waiver,
    "waiver.return": return_waiver,
    "leave.approve": approve_leave,
    "leave.return": return_leave,
}
"""Move → the action that makes it; the page and the API both come here."""


# How a sheet is checked and written


def _check(by: Any, sheet: Sheet, meeting: Meeting | None) -> PartyBranch:
    """Refuse a sheet that cannot be written down, or that names what is not the branch's; returns the branch."""
    branch = PartyBranch.objects.select_related("unit").filter(pk=sheet.unit_id).first()
    if branch is None:
        raise Refused(_("选开会的支部"), field="unit")
    if meeting is not None and meeting.unit_id != sheet.unit_id:
        raise Refused(_("已经登记的会议不能换支部"), field="unit")
    rules.check_sheet(sheet, parameter("party.photo_limit", sheet.day))
    _check_kinds(branch, sheet)
    any_meeting, own_meetings = "meetings.record_any_meeting", "meetings.record_meeting"
    if by.has_perm(own_meetings, branch.unit) and not by.has_perm(any_meeting, branch.unit):
        rules.check_group_leader(sheet, moves.led_groups(by, branch.pk))
    if sheet.group_ids:
        own = PartyGroup.objects.filter(pk__in=sheet.group_ids, branch=branch).count()
        if own < len(sheet.group_ids):
            raise Refused(_("选的党小组不是这个支部的"), field="spans")
    people = _people_in(sheet)
    if Person.objects.filter(pk__in=people).count() < len(people):
        raise Refused(_("名单里有系统中没有的人"), field="marks")
    _check_photos(by, sheet, meeting)
    return branch


def _check_kinds(branch: PartyBranch, sheet: Sheet) -> None:
    only_general, never_general = {SegmentKind.GB}, {SegmentKind.CM, SegmentKind.GM}
    wrong = sheet.kinds & (never_general if branch.is_general else only_general)
    if wrong:
        label = SegmentKind(min(wrong)).label
        raise Refused(_("%(branch)s不开%(kind)s") % {"branch": branch.unit.short_name, "kind": label}, field="spans")
    if sheet.branches:
        below = PartyBranch.objects.filter(pk__in=sheet.branches, unit__path__startswith=branch.unit.path)
        if not branch.is_general or below.count() < len(set(sheet.branches)):
            raise Refused(_("只有党总支的大会才分支部点名，支部要在它下面"), field="branches")


def _people_in(sheet: Sheet) -> set[int]:
    found = {sheet.chair_id, sheet.recorder_id}
    found |= {span.lecturer_id for span in sheet.spans} | {mark.person_id for mark in sheet.marks}
    found |= {person for batch in sheet.batches for person in batch.present}
    for topic in sheet.topics:
        found |= {task.owner_id for task in topic.tasks} | {pk for count in topic.votes for pk in count.candidates}
    return {pk for pk in found if pk is not None}


def _check_photos(by: Any, sheet: Sheet, meeting: Meeting | None) -> None:
    """A photo is one's own upload, or hangs on the meeting already."""
    wanted = {photo.file_id for photo in sheet.photos}
    if wanted:
        known = set(MeetingPhoto.objects.filter(meeting=meeting).values_list("file", flat=True)) if meeting else set()
        own = File.objects.filter(pk__in=wanted - known, by_id=by.pk).count()
        if own < len(wanted - known):
            raise Refused(_("照片没有传上来，请重新选"), field="photos")


def _blank(sheet: Sheet, branch: PartyBranch, meeting_id: UUID | None) -> Meeting:
    return Meeting(pk=meeting_id or new_id(), unit=branch.unit, **_header(sheet, branch))


def _header(sheet: Sheet, branch: PartyBranch) -> dict[str, Any]:
    return {
        "title": _fit(sheet.title, 120, "title") or queries.usual_title(branch, sheet.kinds, sheet.day),
        "theme": _fit(sheet.theme, 120, "theme"),
        "starts_at": sheet.starts_at,
        "ends_at": sheet.ends_at,
        "place": _fit(sheet.place, 120, "place"),
        "mode": sheet.mode,
        "chair_id": sheet.chair_id,
        "recorder_id": sheet.recorder_id,
        "summary": clean_text(sheet.summary, multiline=True),
        "attributed_year": sheet.attributed_year,
        "backfill_reason": _fit(sheet.backfill_reason, 200, "backfill_reason"),
    }


def _writer(sheet: Sheet, branch: PartyBranch, by: Any, now: datetime, *, submits: bool = False) -> workflow.Write:
    """What writes the sheet's child rows inside the door's transaction, by the state in which the record is."""

    def write(meeting: Meeting) -> Mapping[str, Any]:
        held = submits or meeting.state == MeetingState.RECORDED
        frozen = meeting.state == MeetingState.RECORDED and not submits and _same_roll(meeting, sheet)
        due = _due_of(meeting, sheet, frozen=frozen) if held or meeting.state in WAITING else []
        if held:
            _number(meeting, branch, now)
        _write_segments(meeting, sheet)
        shown: dict[str, Any] = {"segments": [None, "、".join(str(SegmentKind(s.kind).label) for s in sheet.spans)]}
        statuses: dict[int, str] = {}
        if held or meeting.state in WAITING:
            statuses = _write_roll(meeting, sheet, due, now, held=held)
        if held:
            tally = rules.tally((status, MakeUp.NONE) for status in statuses.values())
            shown["attendance"] = [None, f"{tally.present}/{tally.due}"]
        _write_agenda(meeting, sheet, by, now, due, statuses if held else {})
        _write_photos(meeting, sheet)
        return shown

    return write


def _number(meeting: Meeting, branch: PartyBranch, now: datetime) -> None:
    """Number and date of entry are given once, when the meeting is first recorded: DJ-<branch>-<day>-<n>."""
    held_on = meeting.held_on
    if not meeting.number:
        serial = next_number(branch.pk, NUMBER_KIND, held_on.year)
        meeting.number = f"DJ-{branch.unit.code}-{held_on:%Y%m%d}-{serial:03}"
        meeting.recorded_at = now
    entered_on = timezone.localdate(meeting.recorded_at)
    meeting.backfill = rules.is_backfill(entered_on, held_on, parameter("party.backfill_reason_days", held_on))


def _write_segments(meeting: Meeting, sheet: Sheet) -> None:
    Segment.objects.filter(meeting=meeting).delete()
    Segment.objects.bulk_create(
        Segment(
            meeting=meeting,
            kind=span.kind,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            topic=_fit(span.topic, 120, "spans"),
            lecturer_id=span.lecturer_id,
            group_id=span.group_id if span.kind == SegmentKind.GM else None,
        )
        for span in sheet.spans
    )
    Session.objects.filter(meeting=meeting).delete()
    Session.objects.bulk_create(
        Session(meeting=meeting, seq=seq, starts_at=batch.starts_at, ends_at=batch.ends_at)
        for seq, batch in enumerate(sheet.batches, start=1)
    )


def _same_roll(meeting: Meeting, sheet: Sheet) -> bool:
    """Whether the sheet asks for the roll that is there already: same day, same bodies, same branches."""
    rows = Segment.objects.filter(meeting=meeting).values_list("kind", "group", "meeting__starts_at")
    branches = Attendance.objects.filter(meeting=meeting).exclude(branch=meeting.unit_id).exclude(branch=None)
    return (
        {kind for kind, _group, _at in rows} == sheet.kinds
        and {group for _kind, group, _at in rows if group is not None} == sheet.group_ids
        and {timezone.localdate(starts_at) for _kind, _group, starts_at in rows} == {sheet.day}
        and set(branches.values_list("branch", flat=True)) == set(sheet.branches)
    )


def _due_of(meeting: Meeting, sheet: Sheet, *, frozen: bool) -> list[Due]:
    """The roll of the start date; once recorded it stays as it was, whatever becomes of memberships later."""
    if not frozen:
        return queries.due_for(sheet)
    rows = Attendance.objects.filter(meeting=meeting, branch__isnull=False).select_related("person").order_by("pk")
    return [
        Due(
            row.person_id,
            row.person.name,
            row.person.police_no,
            row.branch_id or 0,
            is_voter=row.is_voter,
            is_exempt=row.status == Presence.EXEMPT,
        )
        for row in rows
    ]


def _write_roll(meeting: Meeting, sheet: Sheet, due: list[Due], now: datetime, *, held: bool = False) -> dict[int, str]:
    """Bring the roll to what the sheet says; rows of people who stay keep their leave and make-up. Returns the marks.

    Leave asked for after the start and not yet approved is absence, whatever was tapped.
    """
    statuses = queries.statuses_for(sheet, due) if held else {row.person_id: str(Presence.UNMARKED) for row in due}
    late = set(
        Leave.objects.filter(meeting=meeting, late=True, state=LeaveState.ASKED).values_list("person", flat=True)
    )
    reasons = {mark.person_id: _fit(mark.reason, 120, "marks") for mark in sheet.marks}
    by_person = {row.person_id: row for row in due}
    known = {row.person_id: row for row in Attendance.objects.filter(meeting=meeting)}
    fresh, changed = [], []
    for person_id, status in statuses.items():
        if person_id in late and status in ON_LEAVE:
            statuses[person_id] = status = Presence.ABSENT
        row = known.pop(person_id, None)
        if row is None:
            row = Attendance(meeting=meeting, person_id=person_id)
            fresh.append(row)
        else:
            changed.append(row)
        body = by_person.get(person_id)
        _mark(row, status, body, reasons.get(person_id, ""), _sessions_bits(sheet, person_id), now)
    Attendance.objects.filter(pk__in=[row.pk for row in known.values()]).delete()
    Attendance.objects.bulk_create(fresh)
    Attendance.objects.bulk_update(
        changed, ["status", "branch", "is_voter", "sessions", "source", "at", "reason", "late_leave"]
    )
    return statuses


def _mark(row: Attendance, status: str, due: Due | None, reason: str, bits: int, now: datetime) -> None:
    if due is None and status != Presence.OBSERVER:
        raise Refused(_("不在应到名单里的人只能标为列席"), field="marks")
    if row.status != status:
        row.source = Source.ROLL_CALL
        row.late_leave = row.late_leave and status in ON_LEAVE
    row.status = status
    row.branch_id = due.branch_id if due else None
    row.is_voter = bool(due and due.is_voter)
    row.sessions = bits
    row.at = now
    row.reason = reason or (row.reason if status in ON_LEAVE else "")


def _sessions_bits(sheet: Sheet, person_id: int) -> int:
    return sum(1 << n for n, batch in enumerate(sheet.batches) if person_id in batch.present)


def _write_agenda(
    meeting: Meeting, sheet: Sheet, by: Any, now: datetime, due: list[Due], statuses: Mapping[int, str]
) -> None:
    """Points of the agenda keep their row by their place, so that decisions go on pointing at them."""
    known = {row.seq: row for row in AgendaItem.objects.filter(meeting=meeting)}
    rows = []
    for seq, topic in enumerate(sheet.topics, start=1):
        row = known.pop(seq, None) or AgendaItem(meeting=meeting, seq=seq)
        _fill(row, topic)
        rows.append(row)
    AgendaItem.objects.filter(pk__in=[row.pk for row in known.values()]).delete()
    AgendaItem.objects.bulk_create(row for row in rows if row.pk is None)
    fields = ["kind", "title", "speaker", "summary", "dissent", "resolution"]
    AgendaItem.objects.bulk_update([row for row in rows if row.pk is not None], fields)
    ids = dict(AgendaItem.objects.filter(meeting=meeting).values_list("seq", "pk"))
    if statuses:
        _write_votes(meeting, sheet, ids, due, statuses)
        _sync_decisions(meeting, sheet, ids, by, now)


def _fill(row: AgendaItem, topic: Topic) -> None:
    row.kind = topic.kind
    row.title = _fit(topic.title, 160, "topics")
    row.speaker = _fit(topic.speaker, 80, "topics")
    row.summary = clean_text(topic.summary, multiline=True)
    row.dissent = clean_text(topic.dissent, multiline=True)
    row.resolution = clean_text(topic.resolution, multiline=True)
    if not row.title:
        raise Refused(_("议题要有题目"), field="topics")


def _write_votes(
    meeting: Meeting, sheet: Sheet, ids: Mapping[int, int], due: list[Due], statuses: Mapping[int, str]
) -> None:
    """Base and presence are counted from the roll; a vote without its quorum is refused."""
    Vote.objects.filter(agenda__meeting=meeting).delete()
    counts = [(seq, count) for seq, topic in enumerate(sheet.topics, start=1) for count in topic.votes]
    if not counts:
        return
    voters = {row.person_id for row in due if row.is_voter}
    committee = _committee(meeting, sheet) if any(c.kind == VoteKind.COMMITTEE for _seq, c in counts) else set()
    there = {person_id for person_id, status in statuses.items() if status in THERE}
    for seq, count in counts:
        entitled = committee if count.kind == VoteKind.COMMITTEE else voters
        _write_vote(count, ids[seq], entitled, there & entitled, meeting.starts_at)


def _committee(meeting: Meeting, sheet: Sheet) -> set[int]:
    return {row.person_id for row in structure({meeting.unit_id}).committee_due(meeting.unit_id, sheet.day)}


def _write_vote(count: Count, agenda_id: int, voters: set[int], there: set[int], starts_at: datetime) -> None:
    rules.check_count(count, len(there), len(voters))
    opinions = count.opinions if rules.takes_opinions(count.kind) else ()
    written = rules.written_ayes(opinions, starts_at, there, voters)
    vote = Vote.objects.create(
        agenda_id=agenda_id,
        kind=count.kind,
        ballot=count.ballot,
        candidate_id=count.candidates[0] if count.candidates else None,
        base=len(voters),
        present=len(there),
        ayes=count.ayes,
        noes=count.noes,
        abstain=count.abstain,
        written=written,
        passed=rules.passes(count.kind, count.ayes, written, len(voters)),
    )
    WrittenOpinion.objects.bulk_create(
        WrittenOpinion(vote=vote, person_id=o.person_id, handed_in_at=o.handed_in_at, is_aye=o.is_aye) for o in opinions
    )


def _sync_decisions(meeting: Meeting, sheet: Sheet, ids: Mapping[int, int], by: Any, now: datetime) -> None:
    """Each decision of the sheet is a record of its own: new ones begin, changed ones are edited, gone ones voided."""
    known = {row.pk: row for row in Decision.objects.filter(meeting=meeting).exclude(state=DecisionState.VOID)}
    for seq, topic in enumerate(sheet.topics, start=1):
        for task in topic.tasks:
            row = known.pop(task.id, None) if task.id is not None else None
            if row is None:
                _begin_decision(meeting, task, ids[seq], by, now)
            else:
                _change_decision(row, task, ids[seq], by, now)
    for row in known.values():
        if row.state == DecisionState.OPEN:
            workflow.advance(row, moves.VOID_DECISION, by=by, now=now, reason=_("从会议记录中删去"))


def _begin_decision(meeting: Meeting, task: Task, agenda_id: int, by: Any, now: datetime) -> None:
    if task.due_on < meeting.held_on:
        raise Refused(_("办理期限不能早于开会那天"), field="topics")
    decision = Decision(
        pk=task.id or new_id(),
        unit=meeting.unit,
        title=_fit(task.title, 120, "topics"),
        meeting=meeting,
        agenda_id=agenda_id,
        owner_id=task.owner_id,
        due_on=task.due_on,
        is_synthetic=meeting.is_synthetic,
    )
    if not decision.title:
        raise Refused(_("写明定了什么事"), field="topics")
    workflow.begin(decision, moves.DECIDE, by=by, now=now)


def _change_decision(row: Decision, task: Task, agenda_id: int, by: Any, now: datetime) -> None:
    wanted = {
        "title": _fit(task.title, 120, "topics"),
        "owner_id": task.owner_id,
        "due_on": task.due_on,
        "agenda_id": agenda_id,
    }
    changes = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if changes and row.state == DecisionState.OPEN:
        workflow.edit(row, moves.CHANGE_DECISION, by=by, now=now, changes=changes)


def _write_photos(meeting: Meeting, sheet: Sheet) -> None:
    MeetingPhoto.objects.filter(meeting=meeting).delete()
    MeetingPhoto.objects.bulk_create(
        MeetingPhoto(meeting=meeting, file_id=photo.file_id, seq=seq, caption=_fit(photo.caption, 80, "photos"))
        for seq, photo in enumerate(sheet.photos, start=1)
    )


def _content(meeting: Meeting) -> dict[str, Any]:
    """The record as it stands, with the names and words of today, fit to be read without the rows behind it."""
    sheet = asdict(queries.sheet_of(meeting))
    for batch in sheet["batches"]:
        batch["present"] = sorted(batch["present"])
    roll: Iterable[Attendance] = meeting.attendances.select_related("person").order_by("pk")
    return {
        "sheet": sheet,
        "roll": [
            {"name": row.person.name, "status": row.status, "reason": row.reason, "is_voter": row.is_voter}
            for row in roll
        ],
        "number": meeting.number,
        "version": meeting.version,
        "confirmed_at": meeting.confirmed_at,
    }


def _fit(text: str, limit: int, field: str) -> str:
    text = clean_text(text)
    if len(text) > limit:
        raise Refused(_("最多%(limit)d个字，现在是%(n)d个") % {"limit": limit, "n": len(text)}, field=field)
    return text
