"""What one record will complete, shown while it is being written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import Day, period_of
from partybuilding.branches.queries import Due, Structure, structure
from partybuilding.meetings import rules
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.queries.musts import Part, Study, five_musts, lecturers, longest_study
from partybuilding.meetings.queries.records import limits, needs_reason, record_deadline
from partybuilding.meetings.queries.requirements import ASSEMBLY_KINDS, Held, Requirements, by_key, requirement_key
from partybuilding.meetings.queries.roll import due_for, statuses_for
from partybuilding.meetings.rules import Check, Facts, FiveMusts, Sheet, Tally
from partybuilding.meetings.states import (
    EARNING,
    NOT_DUE,
    REQUIRED,
    THERE,
    AgendaKind,
    MakeUp,
    Presence,
    SegmentKind,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A requirement that a meeting counts for, and how it will stand."""

    title: str
    unit_id: int
    state: str
    count: int
    needed: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What one record will complete: the side panel 记这一次，同时完成."""

    outcomes: list[Outcome]
    due: list[Due]
    statuses: dict[int, str]
    tally: Tally
    hours_each: Decimal
    hours_total: Decimal
    volunteer_hours: Decimal
    documents: list[str]
    tasks: list[rules.Task]
    checks: list[Check]
    record_due: Day
    musts: FiveMusts | None
    """五必 of the branch in that month with this meeting in it; None where it holds no study."""


def preview(sheet: Sheet, *, now: datetime, meeting: Meeting | None = None) -> Preview:
    """What the form as it stands would bring; nothing is written. `meeting` is the record being edited."""
    whole = structure({sheet.unit_id, *sheet.branches})
    due = due_for(sheet, whole)
    statuses = statuses_for(sheet, due)
    hours = rules.study_hours((span.starts_at, span.ends_at) for span in sheet.spans if span.kind in EARNING)
    earners = sum(rules.earns(status, MakeUp.NONE) for status in statuses.values() if status != Presence.OBSERVER)
    volunteering = sum(span.minutes for span in sheet.spans if span.kind == SegmentKind.VO)
    return Preview(
        outcomes=_outcomes(sheet, whole, now, str(meeting.pk) if meeting else ""),
        due=due,
        statuses=statuses,
        tally=rules.tally((status, MakeUp.NONE) for status in statuses.values()),
        hours_each=hours,
        hours_total=hours * earners,
        volunteer_hours=rules.segment_hours(volunteering),
        documents=[_("会议记录"), _("签到表"), _("支部台账")],
        tasks=[task for topic in sheet.topics for task in topic.tasks],
        checks=rules.checks(_facts_of_sheet(sheet, due, statuses, whole, now, meeting), now),
        record_due=record_deadline(sheet.day),
        musts=_musts(sheet, whole, due, statuses, now, str(meeting.pk) if meeting else ""),
    )


def _musts(
    sheet: Sheet, whole: Structure, due: list[Due], statuses: dict[int, str], now: datetime, own_id: str
) -> FiveMusts | None:
    branch = whole.branches[sheet.unit_id]
    if branch.is_general or not longest_study(sheet.spans):
        return None
    month = period_of(sheet.day, "month")
    parts = tuple(
        Part(row.person_id, row.name, sheet.day if statuses[row.person_id] in THERE else None)
        for row in due
        if statuses[row.person_id] not in NOT_DUE
    )
    study = Study("new", sheet.title, sheet.day, branch.pk, longest_study(sheet.spans), lecturers(sheet.spans), parts)
    found = five_musts([branch], [month], now, whole=whole, extra=[study], leave_out=own_id)
    return found[branch.pk, month.code].five


def _outcomes(sheet: Sheet, whole: Structure, now: datetime, own_id: str) -> list[Outcome]:
    extra = [
        Held("new", span.kind, branch, span.group_id, sheet.day, now)
        for span in sheet.spans
        if span.kind in REQUIRED and not (span.kind == SegmentKind.GM and span.group_id is None)
        for branch in (sheet.unit_id, *(sheet.branches if span.kind in ASSEMBLY_KINDS else ()))
    ]
    keys = list(by_key(extra))
    if not keys:
        return []
    asked = Requirements(keys)
    lesson = requirement_key(SegmentKind.PL, sheet.day, branch_id=sheet.unit_id)
    lectured = _lecture_of_secretary(sheet, whole)
    found = []
    for key in keys:
        after = asked.answer(key, now, extra, leave_out=own_id)
        if after is not None:
            found.append(
                Outcome(
                    title=after.title,
                    unit_id=after.unit_id,
                    state=after.state,
                    count=after.count,
                    needed=after.needed,
                    note=after.reason or (lectured if key == lesson else ""),
                )
            )
    return found


def _lecture_of_secretary(sheet: Sheet, whole: Structure) -> str:
    """That the secretary of the branch gives the lesson, and how long."""
    secretary = whole.secretary(sheet.unit_id, sheet.day)
    if secretary is None:
        return ""
    lessons = [span for span in sheet.spans if span.kind == SegmentKind.PL and span.lecturer_id == secretary.pk]
    minutes = sum(span.minutes for span in lessons)
    return _("书记讲党课，%d分钟") % minutes if minutes else ""


def _facts_of_sheet(
    sheet: Sheet, due: list[Due], statuses: dict[int, str], whole: Structure, now: datetime, meeting: Meeting | None
) -> Facts:
    names = {row.person_id: row.name for row in due}
    reasons = {mark.person_id for mark in sheet.marks if mark.reason.strip()}
    entered_at = meeting.recorded_at if meeting is not None and meeting.recorded_at else now
    return Facts(
        starts_at=sheet.starts_at,
        ends_at=sheet.ends_at,
        entered_on=timezone.localdate(entered_at),
        chair_id=sheet.chair_id,
        recorder_id=sheet.recorder_id,
        spans=sheet.spans,
        statuses=statuses,
        without_reason=tuple(
            names[pk] for pk, status in statuses.items() if pk in names and pk not in reasons and needs_reason(status)
        ),
        unmarked=tuple(names[pk] for pk, status in statuses.items() if status == Presence.UNMARKED),
        sessions=len(sheet.batches),
        votes=sum(len(topic.votes) for topic in sheet.topics),
        first_topic_seq=next(
            (seq for seq, topic in enumerate(sheet.topics, start=1) if topic.kind == AgendaKind.FIRST_TOPIC), None
        ),
        has_committee=whole.has_committee(sheet.unit_id, sheet.day),
        backfill_reason=sheet.backfill_reason,
        backfill_approved=meeting is not None and meeting.backfill_approved_by_id is not None,
        limits=limits(sheet.day),
    )
