"""A report as Word and as a workbook, from what was kept when it was made: the same bytes today and next year.

Layout after GB/T 9704-2012. Beside the figures only the sentence of who confirmed it stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.conf import settings
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.files.queries import fill
from brigade.files.states import BUILT_IN
from brigade.kit import documents, exporting
from brigade.kit.documents import Field, WordForm
from brigade.kit.exporting import Column, Leaf, write_book
from brigade.kit.templatetags.ui import NOTHING
from brigade.reports.models import Report
from brigade.reports.queries import FORM, LATE_SHOWN
from brigade.reports.rules import SHEETS, TOO_FEW

NUMERALS = "一二三四五六七八九十"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every part of a Word file, so that the same content is the same bytes."""

ROW = (
    Field("label", gettext_lazy("指标"), "登记隐患", longest=20),
    Field("value", gettext_lazy("本期数"), "18处", longest=20),
    Field("facets", gettext_lazy("分项"), "一般17、重大1", longest=60),
    Field("last", gettext_lazy("上年同期"), "30处", longest=20),
    Field("year", gettext_lazy("同比"), "−40.0%，差异不显著p=0.11", longest=40),
    Field("previous", gettext_lazy("上期数"), "20处", longest=20),
    Field("before", gettext_lazy("环比"), "−10.0%，差异不显著p=0.87", longest=40),
)
FIELDS = (
    Field("title", gettext_lazy("标题"), "东区大队2026年第47周周报", longest=80, required=True),
    Field("unit", gettext_lazy("填报单位"), "东区交警大队", longest=40, required=True),
    Field("number", gettext_lazy("编号"), "DD-BG-2026-0047"),
    Field("edition", gettext_lazy("版次"), "第2版"),
    Field("days", gettext_lazy("期间"), "2026年11月16日至2026年11月22日", required=True),
    Field("cut_off", gettext_lazy("数据截至"), "2026年11月23日 06:00", required=True),
    Field(
        "sections",
        gettext_lazy("各部分"),
        lines=3,
        parts=(
            Field("heading", gettext_lazy("部分名称"), "一、道路隐患", longest=20),
            Field("rows", gettext_lazy("各项指标"), lines=7, parts=ROW),
            Field(
                "units",
                gettext_lazy("各单位情况"),
                "城区一中队：登记隐患3处（同比−40.0%，差异不显著 p=0.11）",
                lines=20,
            ),
            Field("towns", gettext_lazy("各乡镇街道情况"), "塘沟街道：登记隐患2处（上年同期为0）", lines=20),
            Field("basis", gettext_lazy("口径"), "登记隐患按登记日期，不含并案和不属实", longest=300),
        ),
    ),
    Field("before", gettext_lazy("与哪一期比"), "上期", longest=10, required=True),
    Field("duties_heading", gettext_lazy("应办标题"), "四、应办事项", longest=20),
    Field("duties", gettext_lazy("应办情况"), "应办120件，已办100件，其中按期95件，逾期或未达标20件。", longest=200),
    Field(
        "late",
        gettext_lazy("逾期清单"),
        lines=LATE_SHOWN,
        parts=(
            Field("title", gettext_lazy("事项"), "塘沟街路口隐患整改", longest=80),
            Field("unit", gettext_lazy("责任单位"), "城区一中队"),
            Field("due", gettext_lazy("期限"), "2026-11-18"),
            Field("days", gettext_lazy("逾期天数"), 5),
        ),
    ),
    Field("notes", gettext_lazy("说明"), "同比与上年同期比，环比与上一期比。", lines=6),
    Field("sentence", gettext_lazy("补充"), "塘沟街三处视距不良本周完成整改。", longest=200),
    Field("by", gettext_lazy("确认人"), "韩雪梅"),
    Field("confirmed_on", gettext_lazy("确认日期"), "2026年11月23日"),
    Field("state", gettext_lazy("状态"), "待确认"),
)
FORMS = [
    WordForm(
        FORM,
        gettext_lazy("报告"),
        gettext_lazy("简报、周报、月报"),
        Path(settings.BASE_DIR) / "templates" / "documents" / "report.docx",
        FIELDS,
    )
]


def context_of(report: Report) -> dict[str, Any]:
    """What the Word form may name."""
    content = report.snapshot.content
    at = datetime.fromisoformat(content["cut_off"])
    confirmed = report.confirmed_at
    return {
        "title": content["title"],
        "unit": content["unit"],
        "number": report.number,
        "edition": _("第%d版") % report.edition if report.edition > 1 else "",
        "days": content["period"]["days"],
        "cut_off": date_format(timezone.localtime(at), "Y年n月j日 H:i"),
        "sections": [
            {
                "heading": f"{NUMERALS[place]}、{section['label']}",
                "rows": [_row(row) for row in section["rows"]],
                "units": list(_lines(section, "units")),
                "towns": list(_lines(section, "towns")),
                "basis": "；".join(f"{row['label']}：{row['basis']}" for row in section["rows"]),
            }
            for place, section in enumerate(content["sections"])
        ],
        "before": _before(content),
        "duties_heading": f"{NUMERALS[len(content['sections'])]}、{_('应办事项')}",
        "duties": duties_said(content),
        "late": [
            {"title": one["title"], "unit": one["unit"], "due": one["due"], "days": one["days"]}
            for one in content["duties"]["oldest"]
        ],
        "notes": content["notes"],
        "sentence": report.sentence,
        "by": report.confirmed_by.name if report.confirmed_by else "",
        "confirmed_on": date_format(timezone.localtime(confirmed), "Y年n月j日") if confirmed else "",
        "state": "" if confirmed and report.state == "confirmed" else str(report.get_state_display()),
    }


def _row(row: dict[str, Any]) -> dict[str, str]:
    """A line of the table: numerator and denominator, and the verdict, stand on a second line of their cell."""
    year, before = row["against"]
    return {
        "label": row["label"],
        "value": _stacked(_said({**row, "parts": ""}, row["suffix"]), row["parts"]),
        "facets": row["facets"],
        "last": _stacked(_said({**year, "parts": ""}, row["suffix"]), year["parts"]),
        "year": _stacked(year["change"], year["verdict"]),
        "previous": _stacked(_said({**before, "parts": ""}, row["suffix"]), before["parts"]),
        "before": _stacked(before["change"], before["verdict"]),
    }


def _stacked(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _said(one: dict[str, str], suffix: str) -> str:
    """18处; 92.5%（148/160）; — where there is none."""
    value = one["value"]
    if value == NOTHING or value.endswith("%"):
        return f"{value}（{one['parts']}）" if one["parts"] else value
    return f"{value}{suffix}"


def _before(content: dict[str, Any]) -> str:
    """What the period before is called; one that was kept earlier does not say."""
    return content["compared"][1].get("name", _("上期"))


def _lines(section: dict[str, Any], part: str) -> Iterator[str]:
    """城区一中队：登记隐患3处（同比−40.0%，差异不显著 p=0.11），销号隐患2处; of units, or towns with anything."""
    found = section.get(part) or {"heads": [], "lines": []}
    suffixes = {row["label"]: row["suffix"] for row in section["rows"]}
    for line in found["lines"]:
        cells = zip(found["heads"], line["cells"], strict=True)
        said = [
            f"{head}{_said(one, suffixes[head])}{_differs(one)}"
            for head, one in cells
            if one["value"] not in (NOTHING, "0") or _differs(one)
        ]
        if said or part == "units":
            yield f"{line['name']}：{'，'.join(said) or _('没有数')}"


def _differs(one: dict[str, Any]) -> str:
    """（同比−40.0%，差异不显著 p=0.11）; nothing where it was not tested."""
    year = one.get("against", [])[:1]
    return "".join(
        f"（{_('同比')}{then['change']}，{then['verdict']}）"
        for then in year
        if then["verdict"] not in ("", str(TOO_FEW))
    )


def duties_said(content: dict[str, Any]) -> str:
    """How duties ended, in one sentence."""
    duties = content["duties"]
    words = _("应办%(due)d件，已办%(met)d件，其中按期%(on_time)d件，逾期或未达标%(late)d件")
    ended = words % duties if duties["due"] else _("这段时间没有到期的应办事项")
    return f"{ended}{_('；现在逾期未办%(open_late)d件。') % duties}"


def word(report: Report) -> tuple[BytesIO, str]:
    """The report as Word, by the form that was in use when it was made, and its file name."""
    content = report.snapshot.content
    version, sheet = content.get("form", BUILT_IN), SHEETS.get(report.series) if content.get("table") else None
    code, fields = (sheet.form, sheet.fields(report)) if sheet else (FORM, context_of(report))
    return _steady(fill(code, fields, version=version)), f"{_name(report)}.docx"


def _steady(content: bytes) -> BytesIO:
    """The same file without the time at which it was packed."""
    output = BytesIO()
    with ZipFile(BytesIO(content)) as packed, ZipFile(output, "w", ZIP_DEFLATED) as again:
        for part in packed.infolist():
            info = ZipInfo(part.filename, LONG_AGO)
            info.compress_type = ZIP_DEFLATED
            again.writestr(info, packed.read(part))
    output.seek(0)
    return output


def sheet(report: Report) -> tuple[BytesIO, str]:
    """The report as a workbook, a sheet for each part, one for duties, and its file name."""
    content = report.snapshot.content
    output = BytesIO()
    person = f"{report.confirmed_by.name} {report.confirmed_by.police_no}" if report.confirmed_by else _("系统生成")
    made = _made(report, content)
    leaves = (replace(leaf, fits=True, made=made, what=_("期间")) for leaf in _leaves(report, content))
    write_book(output, leaves, title=content["title"], person=person, at=report.confirmed_at or report.cut_off_at)
    output.seek(0)
    return output, f"{_name(report)}.xlsx"


def _made(report: Report, content: dict[str, Any]) -> str:
    """Whose it is and who confirmed it when: whoever takes it out changes nothing of it."""
    who = report.confirmed_by
    if who is None or report.confirmed_at is None:
        return _("填报单位：%(unit)s　系统生成，%(state)s") % {
            "unit": content["unit"],
            "state": report.get_state_display(),
        }
    at = f"{timezone.localtime(report.confirmed_at):%Y-%m-%d %H:%M}"
    words = {"unit": content["unit"], "who": f"{who.name} {who.police_no}", "at": at}
    return _("填报单位：%(unit)s　确认人：%(who)s　确认时间：%(at)s") % words


def _name(report: Report) -> str:
    return f"{report.title}{_('第%d版') % report.edition if report.edition > 1 else ''}"


def _leaves(report: Report, content: dict[str, Any]) -> Iterator[Leaf]:
    told = _("%(days)s；数据截至%(at)s；口径第%(n)d版") % {
        "days": content["period"]["days"],
        "at": content["cut_off"][:16].replace("T", " "),
        "n": content["formula"],
    }
    title, unit = content["title"], content["unit"]
    for section in content["sections"]:
        before = _before(content)
        columns = [
            Column(_("指标"), 20), Column(_("本期"), 10, "number"), Column(_("计量"), 6), Column(_("计算"), 12),
            Column(_("上年同期"), 10, "number"), Column(_("同比"), 16), Column(_("同比判断"), 20),
            Column(before, 10, "number"), Column(_("环比"), 16), Column(_("环比判断"), 20), Column(_("分项"), 24),
        ]  # fmt: skip
        yield Leaf(f"{section['label']} {title}", unit, told, columns, [_cells(row) for row in section["rows"]])
        for part, name, what in (("units", _("各单位"), _("单位")), ("towns", _("各乡镇街道"), _("乡镇街道"))):
            if found := section.get(part):
                columns = [
                    Column(what, 20), Column(_("指标"), 20), Column(_("本期"), 10, "number"), Column(_("计量"), 6),
                    Column(_("计算"), 12),
                    Column(_("上年同期"), 10, "number"), Column(_("同比"), 16), Column(_("同比判断"), 20),
                    Column(before, 10, "number"), Column(_("环比"), 16), Column(_("环比判断"), 20),
                ]  # fmt: skip
                yield Leaf(f"{section['label']}{name}", unit, told, columns, list(_compared(section, found)))
    if table := content.get("table"):
        columns = [Column(head, 20 if n == 0 else 16) for n, head in enumerate(table["heads"])]
        yield Leaf(table["label"], unit, f"{told}；{table['basis']}", columns, table["lines"])
    duties = content["duties"]
    columns = [Column(_("事项"), 28)] + [
        Column(label, 12, "integer") for label in (_("应办"), _("已办"), _("按期"), _("逾期或未达标"))
    ]
    counts = ("due", "met", "on_time", "late")
    rows = [[one["label"], *(one[name] for name in counts)] for one in duties["rules"]]
    yield Leaf(_("应办事项"), unit, told, columns, [*rows, [_("合计"), *(duties[name] for name in counts)]])
    columns = [Column(_("事项"), 76), Column(_("责任单位"), 18), Column(_("期限"), 14, "date")]
    columns.append(Column(_("逾期天数"), 12, "integer"))
    rows = [[one["title"], one["unit"], date.fromisoformat(one["due"]), one["days"]] for one in duties["oldest"]]
    yield Leaf(_("逾期未办"), unit, told, columns, rows)
    columns = [Column(_("指标"), 20), Column(_("口径"), 100)]
    told_by = [[row["label"], row["basis"]] for section in content["sections"] for row in section["rows"]]
    yield Leaf(_("口径和说明"), unit, told, columns, [*told_by, *([_("说明"), note] for note in content["notes"])])


def _cells(row: dict[str, Any]) -> list[Any]:
    """A line of the workbook: figures to calculate with, of a share its per cent."""
    year, before = row["against"]
    return [
        row["label"], _number(row["value"]), row["suffix"], row["parts"],
        _number(year["value"]), year["change"], year["verdict"],
        _number(before["value"]), before["change"], before["verdict"], row["facets"],
    ]  # fmt: skip


def _compared(section: dict[str, Any], found: dict[str, Any]) -> Iterator[list[Any]]:
    """A line for each figure of each unit or town that has one."""
    suffixes = {row["label"]: row["suffix"] for row in section["rows"]}
    for line in found["lines"]:
        for head, one in zip(found["heads"], line["cells"], strict=True):
            if one["value"] != NOTHING:
                then = one.get("against") or [{"value": NOTHING, "change": "", "verdict": ""}] * 2
                past = [cell for other in then for cell in (_number(other["value"]), other["change"], other["verdict"])]
                yield [line["name"], head, _number(one["value"]), suffixes[head], one["parts"], *past]


def _number(words: str) -> Decimal | None:
    return None if words == NOTHING else Decimal(words.rstrip("%").replace(",", ""))


PAPERS: dict[str, tuple[Callable[[Report], tuple[BytesIO, str]], str]] = {
    "docx": (word, documents.MEDIA_TYPE),
    "xlsx": (sheet, exporting.MEDIA_TYPE),
}
"""What `format` may ask for."""
