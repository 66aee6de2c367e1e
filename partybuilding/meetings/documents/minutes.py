"""Minutes and sign-in sheet of a meeting as Word. What the record does not hold stays empty."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.files.queries import fill, open_file
from brigade.kit.documents import with_photos
from partybuilding.branches.models import Membership
from partybuilding.meetings import queries, rules
from partybuilding.meetings.models import Attendance, Decision, Meeting, Session, Vote
from partybuilding.meetings.queries import USUAL_ORDER
from partybuilding.meetings.states import (
    HELD,
    ON_LEAVE,
    THERE,
    DecisionState,
    MakeUp,
    Presence,
    SegmentKind,
)

NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Roll:
    """Who was there, who was not and why, and who sat in, by name."""

    rows: list[Attendance]
    present: list[Attendance]
    away: list[tuple[str, list[Attendance]]]
    observers: list[Attendance]
    voters: int
    voters_there: int

    def named(self, *statuses: str) -> str:
        """孙立（执勤公务：夜查）、郭振华（病假） of those with one of the statuses."""
        found = [row for row in self.rows if row.status in statuses]
        single = len(statuses) == 1
        return "、".join(_with_reason(row, single) for row in found)


def _with_reason(row: Attendance, single: bool) -> str:
    word = "" if single else str(row.get_status_display())
    note = "：".join(filter(None, (word, row.reason)))
    return f"{row.person.name}（{note}）" if note else row.person.name


def roll(meeting: Meeting) -> Roll:
    """The roll-call as it stands."""
    rows = list(meeting.attendances.select_related("person").order_by("pk"))
    present = [row for row in rows if row.status in THERE]
    away: dict[str, list[Attendance]] = defaultdict(list)
    for row in rows:
        if row.status not in THERE | {Presence.OBSERVER}:
            away[row.status].append(row)
    voters = [row for row in rows if row.is_voter]
    return Roll(
        rows,
        present,
        [(str(status.label), away[status]) for status in Presence if status in away],
        [row for row in rows if row.status == Presence.OBSERVER],
        len(voters),
        sum(row.status in THERE for row in voters),
    )


def agenda(meeting: Meeting) -> list[dict[str, Any]]:
    """The points with their votes and decisions, in order."""
    votes: dict[int, list[Vote]] = defaultdict(list)
    for vote in Vote.objects.filter(agenda__meeting=meeting).select_related("candidate").order_by("pk"):
        votes[vote.agenda_id].append(vote)
    decisions: dict[int | None, list[Decision]] = defaultdict(list)
    rows = Decision.objects.filter(meeting=meeting).exclude(state=DecisionState.VOID).select_related("owner")
    for decision in rows.order_by("pk"):
        decisions[decision.agenda_id].append(decision)
    return [
        {
            "item": item,
            "votes": [{"vote": vote, "line": vote_line(vote)} for vote in votes[item.pk]],
            "decisions": decisions[item.pk],
        }
        for item in meeting.agenda.order_by("seq")
    ]


def vote_line(vote: Vote) -> str:
    """应到会有表决权党员16人，实到13人，同意13票，反对0票，弃权0票（书面意见0份），通过"""
    line = _("应到会有表决权党员%(base)d人，实到%(present)d人，同意%(ayes)d票，反对%(noes)d票，弃权%(abstain)d票") % {
        name: getattr(vote, name) for name in ("base", "present", "ayes", "noes", "abstain")
    }
    if rules.takes_opinions(vote.kind):
        line += _("（书面意见%d份）") % vote.written
    who = f"{vote.candidate.name}：" if vote.candidate else ""
    return f"{who}{line}，{_('通过') if vote.passed else _('未通过')}。"


def minutes_context(meeting: Meeting) -> dict[str, Any]:
    """What stands in the minutes; what was never filled in is empty; who was away is said by the roll."""
    called = roll(meeting)
    held = meeting.state in HELD
    tally = queries.tally_of(meeting)
    spans = list(meeting.segments.select_related("lecturer", "group").order_by("starts_at", "pk"))
    kinds = {span.kind for span in spans}
    kind = next((code for code in USUAL_ORDER if code in kinds), "")
    return {
        "title": f"{meeting.unit.short_name}{SegmentKind(kind).label if kind else ''}{_('会议记录')}",
        "when": _span(meeting.starts_at, meeting.ends_at),
        "place": meeting.place,
        "chair": meeting.chair.name if meeting.chair else "",
        "recorder": meeting.recorder.name if meeting.recorder else "",
        "due": _("%d人") % tally.due if held else "",
        "present": _("%d人") % tally.present if held else "",
        "voters": _("%d人") % called.voters if held else "",
        "voters_there": _("%d人") % called.voters_there if held else "",
        "leave": called.named(*ON_LEAVE) or (_("无") if held else ""),
        "absent": called.named(Presence.ABSENT) or (_("无") if held else ""),
        "observers": called.named(Presence.OBSERVER) or (_("无") if held else ""),
        "theme": meeting.theme,
        "segments": [*_shift_lines(meeting, called), *(_segment_line(span) for span in spans)],
        "items": [_item(number, row) for number, row in enumerate(agenda(meeting))],
        "more": meeting.summary.split("\n") if meeting.summary else [],
        "number": meeting.number,
        "edition": _("第%d版") % meeting.edition,
        "state": "" if meeting.confirmed_at else str(meeting.get_state_display()),
    }


def _span(starts_at: datetime, ends_at: datetime) -> str:
    start, end = timezone.localtime(starts_at), timezone.localtime(ends_at)
    return f"{start.year}年{start.month}月{start.day}日 {start:%H:%M}–{end:%H:%M}"


def shifts(meeting: Meeting, called: Roll) -> list[tuple[Session, int]]:
    """The sessions of a meeting held in shifts, with how many came to each."""
    rows = list(meeting.sessions.order_by("seq"))
    return [(row, sum(bool(there.sessions & 1 << row.seq - 1) for there in called.present)) for row in rows]


def _shift_lines(meeting: Meeting, called: Roll) -> list[str]:
    return [
        _("第%(seq)d场 %(start)s–%(end)s，到会%(n)d人")
        % {
            "seq": row.seq,
            "start": f"{timezone.localtime(row.starts_at):%H:%M}",
            "end": f"{timezone.localtime(row.ends_at):%H:%M}",
            "n": came,
        }
        for row, came in shifts(meeting, called)
    ]


def _segment_line(span: Any) -> str:
    start, end = timezone.localtime(span.starts_at), timezone.localtime(span.ends_at)
    lecturer = _("主讲%s") % span.lecturer.name if span.lecturer else ""
    words = filter(None, (span.topic, span.group.name if span.group else "", lecturer))
    return f"{start:%H:%M}–{end:%H:%M} {span.get_kind_display()}" + "".join(f"，{word}" for word in words)


def _item(number: int, row: dict[str, Any]) -> dict[str, Any]:
    """A point as the paper writes it: heading, what was said and by whom, votes, resolution, who does what."""
    item = row["item"]
    label = _("第一议题") if item.kind == "first_topic" else str(item.get_kind_display())
    lines = item.summary.split("\n") if item.summary else []
    if item.speaker and lines:
        lines[0] = f"{item.speaker}：{lines[0]}"
    elif item.speaker:
        lines = [_("发言：%s") % item.speaker]
    lines += [_("不同意见：%s") % line for line in item.dissent.split("\n") if line]
    lines += [_("表决：%s") % vote["line"] for vote in row["votes"]]
    lines += [_("决议：%s") % line for line in item.resolution.split("\n") if line]
    for task in row["decisions"]:
        day = task.due_on
        lines.append(
            _("决定：%(what)s，由%(who)s于%(year)d年%(month)d月%(day)d日前办结。")
            % {"what": task.title, "who": task.owner.name, "year": day.year, "month": day.month, "day": day.day}
        )
    return {"heading": f"{_numeral(number + 1)}、{label}：{item.title}", "lines": lines}


def _numeral(number: int) -> str:
    """1 → 一, 12 → 十二, 20 → 二十"""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{NUMERALS[tens - 1]}十") + (
        NUMERALS[ones - 1] if ones else ""
    )


def minutes(meeting: Meeting, *, photos: bool = False) -> tuple[BytesIO, str]:
    """会议记录 as Word, and its file name; `photos` adds a last page with them, two a row."""
    context = minutes_context(meeting)
    content = BytesIO(fill("meetings.minutes", context))
    if photos:
        rows = meeting.photos.select_related("file").order_by("seq")
        content = with_photos(content, [(partial(open_file, photo.file), photo.caption) for photo in rows])
    return content, f"{context['title']}{meeting.held_on:%Y%m%d}.docx"


def sign_in(meeting: Meeting, *, blank: bool = False) -> tuple[BytesIO, str]:
    """签到表 as Word: how each was marked, or `blank` to be signed on paper, and its file name."""
    rows = roll(meeting).rows
    if not rows:
        due = queries.due_for(queries.sheet_of(meeting))
        names = [(row.person_id, row.name, "", "") for row in due]
    else:
        names = [(row.person_id, row.person.name, _marked(row), row.reason) for row in rows]
    groups = _groups(meeting, [pk for pk, *_rest in names])
    context = {
        "title": _("%s签到表") % meeting.title,
        "when": _span(meeting.starts_at, meeting.ends_at),
        "place": meeting.place,
        "heading": _("签名") if blank else _("到会情况"),
        "rows": [
            {
                "no": number,
                "name": name,
                "group": groups.get(pk, ""),
                "mark": "" if blank else mark,
                "note": "" if blank else reason,
            }
            for number, (pk, name, mark, reason) in enumerate(names, start=1)
        ],
        "number": meeting.number,
        "edition": _("第%d版") % meeting.edition,
    }
    name = f"{context['title']}{_('（空白）') if blank else ''}{meeting.held_on:%Y%m%d}.docx"
    return BytesIO(fill("meetings.sign_in", context)), name


def _marked(row: Attendance) -> str:
    word = "" if row.status == Presence.UNMARKED else str(row.get_status_display())
    if row.came_to:
        word = _("到第%s场") % "、".join(map(str, row.came_to))
    return f"{word}，{_('已补课')}" if row.makeup == MakeUp.DONE else word


def _groups(meeting: Meeting, people: list[int]) -> dict[int, str]:
    rows = Membership.objects.on(meeting.held_on).filter(member__person__in=people, group__isnull=False)
    return dict(rows.values_list("member__person", "group__name"))
