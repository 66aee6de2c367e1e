"""What a saved meeting has and lacks, and what it leaves to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Count as CountOf
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import Day
from brigade.reference.queries import calendar, parameter
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import structure
from partybuilding.meetings import rules
from partybuilding.meetings.models import Attendance, Decision, Meeting, Session, Vote
from partybuilding.meetings.rules import Check, Facts, Limits, Sheet, Span
from partybuilding.meetings.states import HELD, ON_LEAVE, AgendaKind, DecisionState, Presence, SegmentKind


def limits(day: date) -> Limits:
    return Limits(
        lesson_minutes=parameter("party.lesson_minutes", day),
        backfill_reason_days=parameter("party.backfill_reason_days", day),
        backfill_approval_days=parameter("party.backfill_approval_days", day),
        first_topic_blocks=parameter("party.first_topic_blocks", day),
        same_person_blocks=parameter("party.same_person_blocks", day),
    )


def spans_of(meeting: Meeting) -> tuple[Span, ...]:
    prefetch_related_objects([meeting], "segments")
    rows = sorted(meeting.segments.all(), key=lambda row: (row.starts_at, row.pk))
    return tuple(Span(row.kind, row.starts_at, row.ends_at, row.topic, row.lecturer_id, row.group_id) for row in rows)


def facts_of(meeting: Meeting) -> Facts:
    """What the checks look at, of a saved record."""
    spans = spans_of(meeting)
    marks = list(Attendance.objects.filter(meeting=meeting).values_list("person", "status", "reason", "person__name"))
    agenda = meeting.agenda.annotate(ballots=CountOf("votes")).values_list("seq", "kind", "ballots")
    topics = sorted(agenda)
    votes = sum(ballots for _seq, _kind, ballots in topics)
    day = meeting.held_on
    has_committee = SegmentKind.CM not in {span.kind for span in spans} or structure({meeting.unit_id}).has_committee(
        meeting.unit_id, day
    )
    return Facts(
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        entered_on=timezone.localdate(meeting.recorded_at or meeting.created_at),
        chair_id=meeting.chair_id,
        recorder_id=meeting.recorder_id,
        spans=spans,
        statuses={person: status for person, status, _reason, _name in marks},
        without_reason=tuple(name for _p, status, reason, name in marks if needs_reason(status) and not reason),
        unmarked=tuple(name for _p, status, _reason, name in marks if status == Presence.UNMARKED),
        sessions=Session.objects.filter(meeting=meeting).count() if votes else 0,
        votes=votes,
        first_topic_seq=next((seq for seq, kind, _ballots in topics if kind == AgendaKind.FIRST_TOPIC), None),
        has_committee=has_committee,
        backfill_reason=meeting.backfill_reason,
        backfill_approved=meeting.backfill_approved_by_id is not None,
        limits=limits(day),
    )


def checks_of(meeting: Meeting, now: datetime) -> list[Check]:
    """确认前再看一眼, of a saved record."""
    return rules.checks(facts_of(meeting), now)


def needs_reason(status: str) -> bool:
    return status == Presence.ABSENT or status in ON_LEAVE and status != Presence.LEAVE_SICK


def record_deadline(held_on: date) -> Day:
    return rules.record_deadline(held_on, parameter("party.record_deadline_workdays", held_on), calendar())


def sheet_of(meeting: Meeting) -> Sheet:
    """A saved meeting as its form shows it, with only the exceptions of the roll: saving it again changes nothing."""
    rows = list(meeting.attendances.values_list("person", "status", "reason", "sessions", "branch"))
    batches = tuple(
        rules.Batch(
            row.starts_at, row.ends_at, frozenset(pk for pk, _s, _r, bits, _b in rows if bits & 1 << row.seq - 1)
        )
        for row in meeting.sessions.order_by("seq")
    )
    leaders = {meeting.chair_id, meeting.recorder_id}
    usual = {Presence.PRESENT, Presence.EXEMPT}
    if batches or meeting.state not in HELD:
        usual.add(Presence.UNMARKED)
    return Sheet(
        unit_id=meeting.unit_id,
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        spans=spans_of(meeting),
        theme=meeting.theme,
        place=meeting.place,
        mode=meeting.mode,
        chair_id=meeting.chair_id,
        recorder_id=meeting.recorder_id,
        summary=meeting.summary,
        attributed_year=meeting.attributed_year,
        backfill_reason=meeting.backfill_reason,
        marks=tuple(
            rules.Mark(person, status, reason)
            for person, status, reason, _bits, _branch in rows
            if status not in usual and not (status == Presence.OBSERVER and person in leaders)
        ),
        batches=batches,
        topics=_topics_of(meeting),
        photos=tuple(rules.Picture(p.file_id, p.caption) for p in meeting.photos.order_by("seq")),
        branches=tuple(sorted({b for *_rest, b in rows if b is not None and b != meeting.unit_id})),
    )


def _topics_of(meeting: Meeting) -> tuple[rules.Topic, ...]:
    tasks: dict[int | None, list[rules.Task]] = defaultdict(list)
    for row in Decision.objects.filter(meeting=meeting).exclude(state=DecisionState.VOID).order_by("pk"):
        tasks[row.agenda_id].append(rules.Task(row.title, row.owner_id, row.due_on, row.pk))
    votes: dict[int, list[rules.Count]] = defaultdict(list)
    for vote in Vote.objects.filter(agenda__meeting=meeting).prefetch_related("opinions").order_by("pk"):
        votes[vote.agenda_id].append(
            rules.Count(
                vote.kind,
                vote.ayes,
                vote.noes,
                vote.abstain,
                vote.ballot,
                (vote.candidate_id,) if vote.candidate_id else (),
                tuple(rules.Opinion(o.person_id, o.handed_in_at, o.is_aye) for o in vote.opinions.all()),
            )
        )
    return tuple(
        rules.Topic(
            row.kind, row.title, row.speaker, row.summary, row.dissent, row.resolution,
            tuple(votes[row.pk]), tuple(tasks[row.pk]),
        )
        for row in meeting.agenda.order_by("seq")
    )  # fmt: skip


def last_meeting(unit_id: int, kind: str, before: datetime) -> Meeting | None:
    """The one to copy from: the latest meeting of that kind that was held before."""
    rows = Meeting.objects.filter(unit=unit_id, state__in=HELD, starts_at__lt=before).of_kind(kind)
    return rows.order_by("-starts_at", "-pk").first()


def open_decisions(unit_id: int) -> list[Decision]:
    """What earlier meetings of the unit decided and nobody has finished: it comes back on the next agenda."""
    return list(
        Decision.objects.filter(unit=unit_id, state=DecisionState.OPEN)
        .select_related("owner", "meeting")
        .order_by("due_on", "pk")[:20]
    )


USUAL_ORDER = ("TD", "MM", "GB", "OL", "DA", "CM", "GM", "PL", "ST", "DL", "VO")


def usual_title(branch: PartyBranch, kinds: Collection[str], day: date) -> str:
    """What a meeting is called when nobody calls it anything: 城区一中队党支部11月主题党日."""
    kind = next((code for code in USUAL_ORDER if code in kinds), SegmentKind.ST)
    return _("%(branch)s%(month)s月%(kind)s") % {
        "branch": branch.unit.short_name,
        "month": day.month,
        "kind": SegmentKind(kind).label,
    }
