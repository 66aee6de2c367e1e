"""Pages of reports: the list, one report with its editions, making one, its moves, its papers."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from brigade import workflow
from brigade.indicators.rules import FIGURES
from brigade.kit.web import ask, download, get_visible, move_buttons, page
from brigade.ledgers.actions import note_export
from brigade.ledgers.views import Listing
from brigade.org.models import Person, Unit
from brigade.org.states import Role
from brigade.reports import actions, documents, queries, rules
from brigade.reports.forms import FORMS, BuildForm
from brigade.reports.models import VIEW, Report
from brigade.reports.states import ReportState
from brigade.reports.tables import ReportFilters, ReportTable

COUNTED = re.compile(r"(?P<word>\D+?)(?P<of>\d+/\d+)?(?:（(?P<why>.+)）)?")
ROWS = Report.objects.select_related("unit", "snapshot", "confirmed_by", "created_by")


class ReportList(Listing):
    """Every edition, the latest period first; one that does not count any more says so."""

    model, table, filterset = Report, ReportTable, ReportFilters
    permission = VIEW
    title = gettext_lazy("报告")
    order = ("-ends_on", "-id")
    tabs = (
        (gettext_lazy("待确认"), "state=draft"),
        (gettext_lazy("每日简报"), "series=daily"),
        (gettext_lazy("周报"), "series=weekly"),
        (gettext_lazy("月报"), "series=monthly"),
    )
    create = (gettext_lazy("生成报告"), "reports:report_create", rules.BUILD)
    empty = gettext_lazy(
        "简报每天6点生成前一天的，大厅日报当天17:40生成，周报星期一生成，月报每月第3个工作日、党建季报每季第2个工作日生成；"
        "没有数据的不生成。"
    )


def report_create(request: HttpRequest) -> HttpResponse:
    """Make a report that the clock has not made: of a day long past, or one to which data came late."""
    if not request.user.has_perm(rules.BUILD):
        raise PermissionDenied(_("“生成报告”给领导、内勤和负责本单位报告的人用。"))
    now = timezone.now()
    form = BuildForm(request.POST if request.method == "POST" else None, user=request.user, now=now)
    return ask(
        request,
        form,
        title=_("生成哪一份报告？"),
        text=_("已经有的不会重做，打开的是现有那一份。"),
        button=_("生成报告"),
        call=lambda **_typed: actions.build(by=request.user, now=now, **form.arguments()),
        said=lambda made: _("%(title)s，第%(n)d版") % {"title": made.title, "n": made.edition},
        back=None,
    )


@require_safe
def report_detail(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One edition, from what was kept alone; `format=docx` and `format=xlsx` hold the same."""
    report = get_visible(request, ROWS, pk)
    if request.GET.get("format") in documents.PAPERS:
        return _paper(request, report, request.GET["format"])
    now = timezone.now()
    options = workflow.moves_for(report, request.user, now)
    may = {option.move.code for option in options if not option.why_not}
    content = report.snapshot.content
    context = {
        "record": report,
        "content": content,
        "sections": _with_lists(report, content, request.user),
        "table": _two_lines(content.get("table")),
        "duties": documents.duties_said(content),
        "now": now,
        "confirm": FORMS["confirm"](record=report) if "confirm" in may else None,
        "moves": _buttons(report, [option for option in options if option.move.code != "confirm"]),
        "editions": queries.editions_of(report),
        "intact": queries.is_intact(report),
        "superseded": report.state == ReportState.SUPERSEDED,
        "told": _told(report),
    }
    return page(request, "reports/report_detail.html", context)


def _with_lists(report: Report, content: dict[str, Any], reader: Person) -> list[dict[str, Any]]:
    """The sections, each figure with the list behind it as it stands now, where the reader may open it; what was
    since renamed has none."""
    sections = content["sections"]
    tops = Unit.objects.in_bulk({row["unit"] for section in sections for row in section["rows"]})

    def url(row: dict[str, Any]) -> str:
        indicator, top = FIGURES.get(row["code"]), tops.get(row["unit"])
        if indicator is None or top is None or not reader.has_perm(indicator.perm):
            return ""
        return indicator.drill(top, report.starts_on, report.ends_on)

    return [{**section, "rows": [{**row, "url": url(row)} for row in section["rows"]]} for section in sections]


def _two_lines(table: dict[str, Any] | None) -> dict[str, Any] | None:
    """A table of words as it fits a page: 6/7=85.7% and 达标2/2（8月豁免） have what explains them on a second line."""
    if table is None:
        return None
    return table | {"lines": [[_two(cell) for cell in line] for line in table["lines"]]}


def _two(words: str) -> tuple[str, str]:
    parts, equals, whole = words.partition("=")
    if equals:
        return whole, parts
    found = COUNTED.fullmatch(words)
    return (found["word"], " ".join(filter(None, (found["of"], found["why"])))) if found else (words, "")


def _buttons(report: Report, options: list[workflow.Option]) -> list[dict[str, Any]]:
    return move_buttons(
        options,
        address=lambda code: reverse("reports:report_move", args=[report.pk, code]),
        asks=lambda code: FORMS[code].asks,
        main=(),
        says_why=set(),
    )


def _paper(request: HttpRequest, report: Report, form: str) -> HttpResponseBase:
    make, media_type = documents.PAPERS[form]
    content, name = make(report)
    note_export(None, by=request.user, title=name, conditions=report.title, count=1)
    return download(content, name=name, media_type=media_type)


def report_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    """Ask what a move needs, and make it; making it again leads to the new edition."""
    report = get_visible(request, ROWS, pk)
    if code not in FORMS:
        raise Http404(_("没有这一步。"))
    move, now = workflow.MOVES[f"{report.kind()}.{code}"], timezone.now()
    typed = request.POST if request.method == "POST" else None
    form = FORMS[code](typed, record=report, initial={"version": report.version})
    return ask(
        request,
        form,
        title=_("%(what)s：%(do)s？") % {"what": report.title, "do": move.label},
        button=move.label,
        call=lambda **_typed: actions.MAKE[code](by=request.user, report=report, now=now, **form.arguments()),
        said=_said,
        back=None,
        check=lambda: workflow.check(report, move, request.user, now),
    )


def _told(report: Report) -> str:
    return "、".join(str(Role(role).label) for role in rules.SERIES[report.series].told)


def _said(made: Report) -> str:
    if made.state == ReportState.CONFIRMED:
        return _("已确认%(title)s，已通知%(who)s") % {"title": made.title, "who": _told(made)}
    return _("已生成第%d版，等待确认") % made.edition
