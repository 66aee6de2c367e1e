"""Statistic sheets of 三会一课 and 五必, and the quarterly return as sheet and as Word: the figures of the screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.files.queries import fill
from brigade.kit import exporting
from brigade.kit.clocks import Period
from brigade.org.models import Unit
from brigade.reports.models import Report
from brigade.reports.rules import Sheet
from brigade.reports.states import SeriesCode
from partybuilding.branches.models import PartyBranch
from partybuilding.meetings import queries, rules
from partybuilding.meetings.queries import Matrix, MustTable, QuarterReturn, ReturnCell, ReturnLine
from partybuilding.meetings.states import Must, SegmentKind


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
        "basis": return_basis(),
        "sentence": "",
        "by": by.name,
        "edition": "",
        "state": "",
    }


def return_basis() -> str:
    return _(
        "口径：达标除以达标加未达标，豁免和不适用不计；到会率为实到合计除以应到合计，准假的仍算应到；"
        "组织生活一次活动算一次；学时为各支部合计，不对个人排名。"
    )


def return_paper(found: QuarterReturn, *, by: Any) -> tuple[BytesIO, str]:
    """季度报表 as Word, and its file name."""
    content = BytesIO(fill("meetings.quarter_return", return_context(found, by=by)))
    return content, f"{return_title(found)}{timezone.localdate(found.now):%Y%m%d}.docx"


# The return that is kept


HEADS, TAIL = 2, 4
"""Columns before and after those of the requirements."""


def kept_table(unit: Unit, period: Period, cut_off: datetime) -> dict[str, Any] | None:
    """The lines of the return as they stand at `cut_off`, all in words; None for what is no party organisation."""
    top = PartyBranch.objects.select_related("unit").filter(unit=unit).first()
    if top is None:
        return None
    found = replace(queries.quarter_return(top, period, cut_off), as_of=cut_off)
    requirements = [str(SegmentKind(code).label) for code, _share in found.shares()]
    return {
        "label": _("各支部"),
        "heads": [_("支部"), _("党员"), *requirements, _("结果"), _("次数"), _("到会率"), _("学时")],
        "lines": [
            [line["name"], line["members"], *line["cells"], line["result"], line["meetings"], line["attendance"],
             line["hours"]]
            for line in return_lines(found)
        ],
        "basis": return_basis(),
        "unit": settings.BRIGADE_NAME,
        "cut_off": return_cut_off(found),
    }  # fmt: skip


def kept_fields(report: Report) -> dict[str, Any]:
    """What the Word form of the quarter may name, from what was kept."""
    content = report.snapshot.content
    table = content["table"]
    return {
        "title": content["title"],
        "unit": table["unit"],
        "cut_off": table["cut_off"],
        "requirements": table["heads"][HEADS:-TAIL],
        "lines": [
            dict(zip(("name", "members"), line[:HEADS], strict=True))
            | {"cells": line[HEADS:-TAIL]}
            | dict(zip(("result", "meetings", "attendance", "hours"), line[-TAIL:], strict=True))
            for line in table["lines"]
        ],
        "basis": table["basis"],
        "sentence": report.sentence,
        "by": report.confirmed_by.name if report.confirmed_by else "",
        "edition": _("第%d版") % report.edition if report.edition > 1 else "",
        "state": "" if report.confirmed_by else str(report.get_state_display()),
    }


SHEETS = [Sheet(SeriesCode.PARTY_RETURN, "meetings.quarter_return", kept_table, kept_fields)]
"""What the quarter adds to its report (adr 24)."""
