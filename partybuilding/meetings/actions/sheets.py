"""How a sheet is checked, and how it is written: segments, roll, agenda, votes, decisions, photos."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.files.models import File
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, fitting
from brigade.org.models import Person
from brigade.reference.actions import next_number
from brigade.reference.queries import parameter
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.branches.queries import Due, Structure, structure
from partybuilding.meetings import moves, queries, rules
from partybuilding.meetings.models import (
    AgendaItem,
    Attendance,
    Decision,
    Leave,
    Meeting,
    MeetingPhoto,
    Segment,
    Session,
    Vote,
    WrittenOpinion,
)
from partybuilding.meetings.rules import Count, Sheet, Task, Topic
from partybuilding.meetings.states import (
    ON_LEAVE,
    THERE,
    WAITING,
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


def checked_branch(by: Any, sheet: Sheet, meeting: Meeting | None) -> PartyBranch:
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


def blank_meeting(sheet: Sheet, branch: PartyBranch, meeting_id: UUID | None) -> Meeting:
    """A meeting under the id that came with its blank form, not yet in the database."""
    return Meeting(pk=meeting_id or new_id(), unit=branch.unit, **header_of(sheet, branch))


def header_of(sheet: Sheet, branch: PartyBranch) -> dict[str, Any]:
    """What a sheet says of the meeting itself; one without a title gets the usual one."""
    return {
        "title": fitting(sheet.title, 120, "title") or queries.usual_title(branch, sheet.kinds, sheet.day),
        "theme": fitting(sheet.theme, 120, "theme"),
        "starts_at": sheet.starts_at,
        "ends_at": sheet.ends_at,
        "place": fitting(sheet.place, 120, "place"),
        "mode": sheet.mode,
        "chair_id": sheet.chair_id,
        "recorder_id": sheet.recorder_id,
        "summary": clean_text(sheet.summary, multiline=True),
        "attributed_year": sheet.attributed_year,
        "backfill_reason": fitting(sheet.backfill_reason, 200, "backfill_reason"),
    }


def writer_of(sheet: Sheet, branch: PartyBranch, by: Any, now: datetime, *, submits: bool = False) -> workflow.Write:
    """What writes the sheet's child rows inside the door's transaction, by the state in which the record is."""

    def write(meeting: Meeting) -> Mapping[str, Any]:
        held = submits or meeting.state == MeetingState.RECORDED
        frozen = meeting.state == MeetingState.RECORDED and not submits and _same_roll(meeting, sheet)
        due = due_of(meeting, sheet, frozen=frozen) if held or meeting.state in WAITING else []
        if held:
            _number(meeting, branch, now)
        _write_segments(meeting, sheet)
        shown: dict[str, Any] = {"segments": [None, "、".join(str(SegmentKind(s.kind).label) for s in sheet.spans)]}
        statuses: dict[int, str] = {}
        if held or meeting.state in WAITING:
            statuses = write_roll(meeting, sheet, due, now, held=held)
        if held:
            tally = rules.tally((status, MakeUp.NONE) for status in statuses.values())
            shown["attendance"] = [None, f"{tally.present}/{tally.due}"]
        _write_agenda(meeting, sheet, by, now, due, statuses if held else {})
        _write_photos(meeting, sheet)
        return shown

    return write


def _number(meeting: Meeting, branch: PartyBranch, now: datetime) -> None:
    """Number and date of entry are given once, when the meeting is first recorded: DJ-<branch>-<day>-<n>."""
    if meeting.number:
        _mark_late(meeting)
    else:
        enter_as(meeting, branch, next_number(branch.pk, NUMBER_KIND, meeting.held_on.year), now)


def enter_as(meeting: Meeting, branch: PartyBranch, serial: int, now: datetime) -> None:
    """Give a meeting that is not stored yet its number of the year, and say whether it is entered late."""
    meeting.number = f"DJ-{branch.unit.code}-{meeting.held_on:%Y%m%d}-{serial:03}"
    meeting.recorded_at = now
    _mark_late(meeting)


def _mark_late(meeting: Meeting) -> None:
    entered_on, held_on = timezone.localdate(meeting.recorded_at), meeting.held_on
    meeting.backfill = rules.is_backfill(entered_on, held_on, parameter("party.backfill_reason_days", held_on))


def segments_of(meeting: Meeting, sheet: Sheet) -> list[Segment]:
    """The stretches that a sheet says, not stored."""
    return [
        Segment(
            meeting=meeting,
            kind=span.kind,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            topic=fitting(span.topic, 120, "spans"),
            lecturer_id=span.lecturer_id,
            group_id=span.group_id if span.kind == SegmentKind.GM else None,
        )
        for span in sheet.spans
    ]


def _write_segments(meeting: Meeting, sheet: Sheet) -> None:
    Segment.objects.filter(meeting=meeting).delete()
    Segment.objects.bulk_create(segments_of(meeting, sheet))
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


def due_of(meeting: Meeting, sheet: Sheet, *, frozen: bool) -> list[Due]:
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


def write_roll(meeting: Meeting, sheet: Sheet, due: list[Due], now: datetime, *, held: bool = False) -> dict[int, str]:
    """Bring the roll to what the sheet says; rows of people who stay keep their leave and make-up. Returns the marks.

    Leave asked for after the start and not yet approved is absence, whatever was tapped.
    """
    statuses = queries.statuses_for(sheet, due) if held else {row.person_id: str(Presence.UNMARKED) for row in due}
    late = set(
        Leave.objects.filter(meeting=meeting, late=True, state=LeaveState.ASKED).values_list("person", flat=True)
    )
    reasons = {mark.person_id: fitting(mark.reason, 120, "marks") for mark in sheet.marks}
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


def fresh_roll(meeting: Meeting, sheet: Sheet, whole: Structure, now: datetime) -> list[Attendance]:
    """The roll of a meeting that was held and is not stored yet, as the sheet says it, not stored either."""
    due = queries.due_for(sheet, whole)
    by_person = {row.person_id: row for row in due}
    reasons = {mark.person_id: fitting(mark.reason, 120, "marks") for mark in sheet.marks}
    rows = []
    for person_id, status in queries.statuses_for(sheet, due).items():
        row = Attendance(meeting=meeting, person_id=person_id)
        reason, bits = reasons.get(person_id, ""), _sessions_bits(sheet, person_id)
        _mark(row, status, by_person.get(person_id), reason, bits, now)
        rows.append(row)
    return rows


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
    row.title = fitting(topic.title, 160, "topics")
    row.speaker = fitting(topic.speaker, 80, "topics")
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
        if rules.takes_opinions(count.kind):
            entitled = entitled - set(count.candidates)  # full from this day on, but not yet when it was voted on
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
        title=fitting(task.title, 120, "topics"),
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
        "title": fitting(task.title, 120, "topics"),
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
        MeetingPhoto(meeting=meeting, file_id=photo.file_id, seq=seq, caption=fitting(photo.caption, 80, "photos"))
        for seq, photo in enumerate(sheet.photos, start=1)
    )
