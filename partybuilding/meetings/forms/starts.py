"""What the form of a meeting starts with: blank, copied from the last one, or as it was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from brigade.kit.ids import new_id
from brigade.org.models import Person
from partybuilding.meetings import queries
from partybuilding.meetings.forms.offers import MINUTES, USUAL_END, USUAL_START, WHOLE, K, Offer
from partybuilding.meetings.models import Meeting, MeetingPhoto
from partybuilding.meetings.rules import Batch, Count, Sheet, Span, Topic
from partybuilding.meetings.states import HELD, AgendaKind, Mode, Presence


def blank(
    offered: Offer, user: Person, now: datetime, last: Meeting | None, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """A new meeting: today, where and when the last one was; chair the secretary, recorder oneself; a secretary
    does not keep the record of his own chairing, so whoever kept the last one stands there.

    `asked` may name `kinds`, a `day` and a `group`, as a requirement does that wants to be met.
    """
    day = asked.get("day") or timezone.localdate(now)
    start, end = _hours(last, day, now)
    kinds = list(asked.get("kinds", ()))
    rows, after = [], start
    for kind in (kind for kind in kinds if kind not in WHOLE):
        until = _later(after, MINUTES[K(kind)])
        rows.append(
            {"kind": kind, "start": after, "end": until, "lecturer": offered.secretary_id, "group": asked.get("group")}
        )
        after = until
    return {
        "id": new_id(),
        "day": day,
        "start": start,
        "end": max(end, after),
        "place": last.place if last else "",
        "mode": Mode.ONSITE,
        "chair": offered.secretary_id,
        "recorder": last.recorder_id if last and user.pk == offered.secretary_id else user.pk,
        "kinds": kinds,
        "segments": rows,
        "agenda": [{"kind": AgendaKind.FIRST_TOPIC}],
    }


def _hours(last: Meeting | None, day: date, now: datetime) -> tuple[time, time]:
    """The usual hours; on a day on which they have not begun, the same length up to now."""
    start, end = USUAL_START, USUAL_END
    if last is not None:
        once = last.sessions.order_by("seq").first() or last
        start, end = timezone.localtime(once.starts_at).time(), timezone.localtime(once.ends_at).time()
    local = timezone.localtime(now)
    if day < local.date() or start <= local.time() or end <= start:
        return start, end
    length = datetime.combine(day, end) - datetime.combine(day, start)
    until = local.replace(minute=local.minute // 10 * 10, second=0, microsecond=0, tzinfo=None)
    begin = max(until - length, datetime.combine(local.date(), time(0, 0)))
    return (begin.time(), until.time()) if begin < until else (start, end)


def _later(clock: time, minutes: int) -> time:
    moment = datetime.combine(date(2000, 1, 1), clock) + timedelta(minutes=minutes)
    return moment.time() if moment.day == 1 else time(23, 59)


def copied(meeting: Meeting, begun: Mapping[str, Any]) -> dict[str, Any]:
    """`begun` with segments, hours, place, chair and the headings of the agenda of an earlier meeting."""
    whole = written(meeting)
    taken = {
        name: whole[name]
        for name in ("start", "end", "shifts", "place", "mode", "kinds", "segments", "branches", "theme")
    }
    agenda = [{"kind": row["kind"], "title": row["title"]} for row in whole["agenda"]]
    return {**begun, **taken, "chair": whole["chair"] or begun["chair"], "agenda": agenda or begun["agenda"]}


def written(meeting: Meeting) -> dict[str, Any]:
    """A saved meeting as its form starts."""
    sheet = queries.sheet_of(meeting)
    if meeting.state in HELD:
        marks = {mark.person_id: (mark.status, mark.reason) for mark in sheet.marks}
        uncalled = meeting.attendances.filter(status=Presence.UNMARKED).values_list("person", flat=True)
        marks |= {pk: (str(Presence.UNMARKED), "") for pk in uncalled}
    else:
        marks = {mark.person_id: (mark.status, mark.reason) for mark in queries.leave_marks(meeting)}
    shifts = sheet.batches or (sheet,)
    came: dict[int, set[int]] = defaultdict(set)
    for number, batch in enumerate(sheet.batches, start=1):
        for pk in batch.present:
            came[pk].add(number)
    photos = MeetingPhoto.objects.filter(meeting=meeting).select_related("file").order_by("seq")
    return {
        "id": meeting.pk,
        "version": meeting.version,
        "day": meeting.held_on,
        **_hours_of(shifts[0]),
        "shifts": [_hours_of(shift) for shift in shifts[1:]],
        "came": {pk: frozenset(numbers) for pk, numbers in came.items()},
        "place": sheet.place,
        "mode": sheet.mode,
        "chair": sheet.chair_id,
        "recorder": sheet.recorder_id,
        "theme": sheet.theme,
        "kinds": sorted(sheet.kinds, key=K.values.index),
        "segments": [_row(span) for span in sheet.spans if not _is_whole(span, sheet)],
        "branches": list(sheet.branches),
        "observers": [pk for pk, (status, _reason) in marks.items() if status == Presence.OBSERVER],
        "marks": marks,
        "summary": sheet.summary,
        "attributed_year": sheet.attributed_year,
        "backfill_reason": sheet.backfill_reason,
        "agenda": [_topic(topic) for topic in sheet.topics],
        "photos": [(row.file, row.caption) for row in photos],
    }


def _is_whole(span: Span, sheet: Sheet) -> bool:
    return span.kind in WHOLE and (span.starts_at, span.ends_at) == (sheet.starts_at, sheet.ends_at)


def _hours_of(span: Span | Batch | Sheet) -> dict[str, time]:
    return {
        "start": timezone.localtime(span.starts_at).time(),
        "end": timezone.localtime(span.ends_at).time(),
    }


def _row(span: Span) -> dict[str, Any]:
    return {
        **_hours_of(span), "kind": span.kind, "topic": span.topic, "lecturer": span.lecturer_id, "group": span.group_id,
    }  # fmt: skip


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        **{name: getattr(topic, name) for name in ("kind", "title", "speaker", "summary", "dissent", "resolution")},
        "tasks": [
            {"id": task.id, "title": task.title, "owner": task.owner_id, "due_on": task.due_on} for task in topic.tasks
        ],
        "votes": [_vote(count) for count in topic.votes],
    }


def _vote(count: Count) -> dict[str, Any]:
    return {
        **{name: getattr(count, name) for name in ("kind", "ballot", "ayes", "noes", "abstain", "opinions")},
        "candidate": count.candidates[0] if count.candidates else None,
        "written": [opinion.person_id for opinion in count.opinions],
        "written_at": count.opinions[0].handed_in_at if count.opinions else None,
    }
