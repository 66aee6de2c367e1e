"""Papers of meetings: minutes and sign-in sheet as Word, the statistic form of 三会一课 as a workbook.

Layout after GB/T 9704-2012. What the record does not hold stays empty.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm

from brigade.files.queries import open_file
from brigade.kit import exporting
from brigade.kit.documents import render_docx
from partybuilding.branches.models import Membership
from partybuilding.meetings import queries, rules
from partybuilding.meetings.models import Attendance, Decision, Meeting, Session, Vote
from partybuilding.meetings.queries import USUAL_ORDER, Matrix, MustTable, QuarterReturn, ReturnCell, ReturnLine
from partybuilding.meetings.states import (
    HELD,
    ON_LEAVE,
    THERE,
    DecisionState,
    MakeUp,
    Must,
    Presence,
    SegmentKind,
)

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FOLDER = Path(settings.BASE_DIR) / "templates" / "documents"
NUMERALS = "一二三四五六七八九十"
PHOTO_WIDTH = Mm(74)


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
    content = BytesIO(render_docx(FOLDER / "meeting_minutes.docx", context))
    return (_with_photos(content, meeting) if photos else content), f"{context['title']}{meeting.held_on:%Y%m%d}.docx"


def _with_photos(content: BytesIO, meeting: Meeting) -> BytesIO:
    pictures = list(meeting.photos.select_related("file").order_by("seq"))
    if not pictures:
        return content
    document = docx.Document(content)
    document.add_page_break()
    table = document.add_table(rows=0, cols=2)
    for number, photo in enumerate(pictures):
        if number % 2 == 0:
            table.add_row()
        cell = table.rows[-1].cells[number % 2]
        place = cell.paragraphs[0]
        place.alignment = WD_ALIGN_PARAGRAPH.CENTER
        with open_file(photo.file) as picture:
            place.add_run().add_picture(picture, width=PHOTO_WIDTH)
        if photo.caption:
            cell.add_paragraph(photo.caption).alignment = WD_ALIGN_PARAGRAPH.CENTER
    output = BytesIO()
    document.save(output)
    output.seek(0)
    return output


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
    return BytesIO(render_docx(FOLDER / "sign_in_sheet.docx", context)), name


def _marked(row: Attendance) -> str:
    word = "" if row.status == Presence.UNMARKED else str(row.get_status_display())
    if row.came_to:
        word = _("到第%s场") % "、".join(map(str, row.came_to))
    return f"{word}，{_('已补课')}" if row.makeup == MakeUp.DONE else word


def _groups(meeting: Meeting, people: list[int]) -> dict[int, str]:
    rows = Membership.objects.on(meeting.held_on).filter(member__person__in=people, group__isnull=False)
    return dict(rows.values_list("member__person", "group__name"))


def statistic(found: Matrix, *, by: Any, now: datetime) -> tuple[BytesIO, str]:
    """三会一课落实情况统计表: branch by month, the figures of the screen; the sheet and its file name."""
    title = _("%d年三会一课落实情况统计表") % found.year
    kind = str(SegmentKind(found.kind).label) if found.kind else _("全部应开展")
    columns = [exporting.Column(_("支部"), 22), exporting.Column(_("党员"), 8, "integer")]
    columns += [exporting.Column(_("%d月") % month.start.month, 9) for month in found.months]
    columns += [exporting.Column(_("达标"), 8, "integer"), exporting.Column(_("未达标"), 8, "integer")]
    columns.append(exporting.Column(_("达标率"), 9))
    rows = [
        [
            line.branch.unit.name,
            line.members,
            *(_cell_words(cell) for cell in line.cells),
            line.share.met,
            line.share.missed,
            "—" if line.share.rate is None else f"{line.share.rate}%",
        ]
        for line in found.lines
    ]
    output = BytesIO()
    exporting.write_xlsx(
        output, title=title, unit=settings.BRIGADE_NAME, filters=kind, person=f"{by.name} {by.police_no}", at=now,
        columns=columns, rows=rows,
    )  # fmt: skip
    output.seek(0)
    return output, f"{title}{timezone.localdate(now):%Y%m%d}.xlsx"


WORDS = {
    "met": gettext_lazy("达标"),
    "warning": gettext_lazy("预警"),
    "missed": gettext_lazy("未达标"),
    "waived": gettext_lazy("豁免"),
    "na": gettext_lazy("不适用"),
    "open": gettext_lazy("未到期"),
    "future": "",
}


def _cell_words(cell: queries.Cell) -> str:
    word = str(WORDS[cell.state])
    return f"{word}{cell.done}/{cell.needed}" if cell.needed and cell.state not in ("waived", "na") else word


def must_form(table: MustTable, *, by: Any, now: datetime) -> tuple[BytesIO, str]:
    """五必落实表: a line a branch and month up to now, the figures of the screen; the sheet and its file name."""
    title = _("%d年五必落实表") % table.year
    columns = [exporting.Column(_("支部"), 26), exporting.Column(_("月份"), 8)]
    columns += [exporting.Column(must.label, 22) for must in Must]
    columns += [exporting.Column(_("结果"), 16), exporting.Column(_("说明"), 30)]
    rows = [
        [
            cell.branch.unit.name,
            _("%d月") % cell.month.start.month,
            *([_must_words(result) for result in cell.five.results] if cell.five else [""] * len(Must)),
            cell.five.text if cell.five else _("不适用"),
            _("还差：%s") % "、".join(cell.not_passed) if cell.not_passed else cell.absent,
        ]
        for line in table.lines
        for cell in line
        if cell.state != "future"
    ]
    output = BytesIO()
    exporting.write_xlsx(
        output, title=title, unit=settings.BRIGADE_NAME, filters=_("只算已确认的记录，不适用的算落实"),
        person=f"{by.name} {by.police_no}", at=now, columns=columns, rows=rows,
    )  # fmt: skip
    output.seek(0)
    return output, f"{title}{timezone.localdate(now):%Y%m%d}.xlsx"


MUST_WORDS = {
    "met": gettext_lazy("落实"),
    "missed": gettext_lazy("未落实"),
    "open": gettext_lazy("进行中"),
    "na": gettext_lazy("不适用"),
}


def _must_words(result: rules.MustResult) -> str:
    part = f"{result.done}/{result.needed}（{result.rate}%）" if result.needed > 1 else ""
    return "，".join(filter(None, [f"{MUST_WORDS[result.state.value]}{part}", result.note]))


# The quarterly return: one set of lines for sheet and Word


def return_title(found: QuarterReturn) -> str:
    return _("%(top)s%(period)s党建报表") % {"top": found.top.unit.short_name, "period": found.period.label}


def return_cut_off(found: QuarterReturn) -> str:
    """数据截至 with the minute up to which figures are computed; of a running quarter that it runs still."""
    at = timezone.localtime(found.as_of or found.now)
    text = _("数据截至%(year)d年%(month)d月%(day)d日 %(clock)s") % {
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "clock": f"{at:%H:%M}",
    }
    return text + _("，本季未结束") if found.is_open else text


def return_lines(found: QuarterReturn) -> list[dict[str, Any]]:
    """A line a branch and the sum of all, as words."""
    lines = [_return_line(line) for line in found.lines]
    if found.own is not None:
        lines.append(_return_line(found.own) | {"cells": [""] * len(found.shares()), "result": _own_words(found.own)})
    share, sums = found.share, found.sums
    lines.append(
        {
            "name": _("合计"),
            "members": str(found.members),
            "cells": [_share_words(part) for _code, part in found.shares()],
            "result": _share_words(share),
            "meetings": str(sums.meetings),
            "attendance": _attendance_words(sums),
            "hours": _hours_words(sums),
        }
    )
    return lines


def _return_line(line: ReturnLine) -> dict[str, Any]:
    return {
        "name": line.branch.unit.short_name,
        "members": str(line.members or ""),
        "cells": [_return_words(cell) for cell in line.cells],
        "result": str(WORDS[line.state]),
        "meetings": str(line.sums.meetings),
        "attendance": _attendance_words(line.sums),
        "hours": _hours_words(line.sums),
    }


def _return_words(cell: ReturnCell) -> str:
    word = str(WORDS[cell.state])
    part = f"{cell.done}/{cell.needed}" if cell.needed else ""
    return f"{word}{part}（{cell.note}）" if cell.note else f"{word}{part}"


def _own_words(line: ReturnLine) -> str:
    """What the general branch owes of its own: 党总支会达标3/3."""
    return "，".join(f"{SegmentKind(cell.requirement).label}{_return_words(cell)}" for cell in line.cells)


def _share_words(share: rules.Share) -> str:
    return "—" if share.rate is None else f"{share.met}/{share.met + share.missed}={share.rate}%"


def _attendance_words(sums: Any) -> str:
    return "—" if sums.rate is None else f"{sums.present}/{sums.due}={sums.rate}%"


def _hours_words(sums: Any) -> str:
    return f"{sums.hours.normalize():f}"


def return_sheet(found: QuarterReturn, *, by: Any) -> tuple[BytesIO, str]:
    """季度报表 as a workbook, and its file name."""
    title = return_title(found)
    columns = [exporting.Column(_("支部"), 20), exporting.Column(_("党员"), 8)]
    columns += [exporting.Column(SegmentKind(code).label, 20) for code, _share in found.shares()]
    columns += [exporting.Column(_("结果"), 14), exporting.Column(_("组织生活（次）"), 12)]
    columns += [exporting.Column(_("到会率"), 16), exporting.Column(_("学时"), 10)]
    rows = [
        [line["name"], line["members"], *line["cells"], line["result"], line["meetings"], line["attendance"],
         line["hours"]]
        for line in return_lines(found)
    ]  # fmt: skip
    output = BytesIO()
    exporting.write_xlsx(
        output, title=title, unit=settings.BRIGADE_NAME, filters=return_cut_off(found),
        person=f"{by.name} {by.police_no}", at=found.now, columns=columns, rows=rows,
    )  # fmt: skip
    output.seek(0)
    return output, f"{title}{timezone.localdate(found.now):%Y%m%d}.xlsx"


def return_context(found: QuarterReturn, *, by: Any) -> dict[str, Any]:
    """What stands in the Word form of the quarter."""
    return {
        "title": return_title(found),
        "unit": settings.BRIGADE_NAME,
        "cut_off": return_cut_off(found),
        "requirements": [str(SegmentKind(code).label) for code, _share in found.shares()],
        "lines": return_lines(found),
        "basis": _(
            "口径：达标除以达标加未达标，豁免和不适用不计；到会率为实到合计除以应到合计，准假的仍算应到；"
            "组织生活一次活动算一次；学时为各支部合计，不对个人排名。"
        ),
        "by": by.name,
    }


def return_paper(found: QuarterReturn, *, by: Any) -> tuple[BytesIO, str]:
    """季度报表 as Word, and its file name."""
    content = BytesIO(render_docx(FOLDER / "quarter_return.docx", return_context(found, by=by)))
    return content, f"{return_title(found)}{timezone.localdate(found.now):%Y%m%d}.docx"
