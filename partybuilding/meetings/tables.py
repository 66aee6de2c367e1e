"""Columns and filters of the ledgers of meetings, decisions and waivers, and how a cell of the matrix is shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import django_filters
import django_tables2
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import period_of
from brigade.kit.templatetags.ui import CELL_ICONS
from brigade.ledgers.tables import (
    CodeColumn,
    Column,
    DaysFilter,
    DueColumn,
    LedgerFilters,
    PersonColumn,
    Search,
    StateColumn,
    UnitFilter,
)
from brigade.obligations.states import ObligationState
from brigade.org.states import Tree
from partybuilding.branches.models import PartyBranch
from partybuilding.meetings import queries, rules
from partybuilding.meetings.models import Attendance, Decision, Meeting, Waiver
from partybuilding.meetings.states import (
    NOT_DUE,
    REQUIRED,
    THERE,
    DecisionState,
    MeetingState,
    Must,
    SegmentKind,
    WaiverState,
)


def counted(rows: QuerySet) -> QuerySet:
    """Meetings with how many were due and there, for one page of a ledger."""
    roll = Attendance.objects.filter(meeting=OuterRef("pk")).order_by().values("meeting")

    def count(some: QuerySet) -> Coalesce:
        return Coalesce(Subquery(some.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)

    return rows.annotate(
        due_count=count(roll.exclude(status__in=NOT_DUE)), present_count=count(roll.filter(status__in=THERE))
    ).prefetch_related("segments")


class MeetingTable(django_tables2.Table):
    number = CodeColumn()
    title = Column(linkify=True, small="theme")
    unit = Column(accessor="unit__short_name", verbose_name=gettext_lazy("支部"), css="fit")
    starts_at = Column(orderable=True, css="fit")
    kinds = Column(verbose_name=gettext_lazy("内容"), accessor="pk")
    due_count = Column(verbose_name=gettext_lazy("应到"), kind="integer", css="num")
    present_count = Column(verbose_name=gettext_lazy("实到"), kind="integer", css="num")
    rate = Column(verbose_name=gettext_lazy("到会率"), accessor="pk", css="num")
    chair = PersonColumn(visible=False)
    place = Column(visible=False)
    state = StateColumn(tones={"recorded": "warn", "expired_unheld": "late"})

    def render_kinds(self, record: Meeting) -> str:
        kinds = {segment.kind for segment in record.segments.all()}
        return "、".join(str(SegmentKind(kind).label) for kind in SegmentKind.values if kind in kinds)

    def value_kinds(self, record: Meeting) -> str:
        return self.render_kinds(record)

    def render_rate(self, record: Any) -> str:
        rate = rules.percent(record.present_count, record.due_count)
        return "—" if rate is None else f"{rate}%"

    def value_rate(self, record: Any) -> str:
        return self.render_rate(record)


class KindFilter(django_filters.ChoiceFilter):
    """Meetings that held a segment of the kind."""

    def filter(self, qs: Any, value: str) -> QuerySet:
        return qs.of_kind(value) if value else qs


class StateFilter(django_filters.ChoiceFilter):
    """One state, or all meetings that count: the list behind a figure."""

    def filter(self, qs: Any, value: str) -> QuerySet:
        return qs.counted() if value == "counted" else super().filter(qs, value)


class MeetingFilters(LedgerFilters):
    q = Search(label=gettext_lazy("标题、编号、主题、地点"))
    unit = UnitFilter(label=gettext_lazy("支部"), perm="meetings.view_meeting", tree=Tree.PARTY)
    kind = KindFilter(label=gettext_lazy("内容"), choices=SegmentKind.choices)
    state = StateFilter(
        label=gettext_lazy("状态"), choices=[*MeetingState.choices, ("counted", gettext_lazy("已确认和已归档"))]
    )
    starts_at = DaysFilter(label=gettext_lazy("日期"))
    backfill = django_filters.BooleanFilter(label=gettext_lazy("补录"))

    class Meta:
        model = Meeting
        fields = ["q", "unit", "kind", "state", "starts_at", "backfill"]


class DecisionTable(django_tables2.Table):
    title = Column(linkify=True, small="meeting__title", verbose_name=gettext_lazy("议定事项"))
    unit = Column(accessor="unit__short_name", verbose_name=gettext_lazy("支部"))
    owner = PersonColumn()
    due_on = DueColumn(orderable=True, running=(DecisionState.OPEN,))
    state = StateColumn()
    result = Column(visible=False)
    finished_at = Column(visible=False)


class DecisionFilters(LedgerFilters):
    q = Search(label=gettext_lazy("事项、责任人"))
    unit = UnitFilter(label=gettext_lazy("支部"), perm="meetings.view_decision", tree=Tree.PARTY)
    state = django_filters.ChoiceFilter(label=gettext_lazy("状态"), choices=DecisionState.choices)
    due_on = DaysFilter(label=gettext_lazy("期限"))

    class Meta:
        model = Decision
        fields = ["q", "unit", "state", "due_on"]


class WaiverTable(django_tables2.Table):
    title = Column(linkify=True, small="reason", verbose_name=gettext_lazy("申请"))
    unit = Column(accessor="unit__short_name", verbose_name=gettext_lazy("支部"))
    created_by = PersonColumn()
    created_at = Column(orderable=True, css="fit")
    state = StateColumn(tones={"asked": "warn"})
    decided_by = PersonColumn()
    answer = Column(visible=False)


class WaiverFilters(LedgerFilters):
    q = Search(label=gettext_lazy("期间、事项、理由"))
    unit = UnitFilter(label=gettext_lazy("支部"), perm="meetings.view_waiver", tree=Tree.PARTY)
    requirement = django_filters.ChoiceFilter(
        label=gettext_lazy("事项"), choices=[(code, SegmentKind(code).label) for code in REQUIRED]
    )
    state = django_filters.ChoiceFilter(label=gettext_lazy("状态"), choices=WaiverState.choices)

    class Meta:
        model = Waiver
        fields = ["q", "unit", "requirement", "state"]


# The matrix

TONES = {
    "met": ("ok", gettext_lazy("达标")),
    "warning": ("warn", gettext_lazy("预警")),
    "missed": ("late", gettext_lazy("未达标")),
    "waived": ("waive", gettext_lazy("豁免")),
    "na": ("na", gettext_lazy("不适用")),
    "open": ("open", gettext_lazy("未到期")),
    "future": ("open", gettext_lazy("未到期")),
}
"""State of a cell → tone and word."""
LEGEND = (
    ("met", ""),
    ("warning", gettext_lazy("未开齐，临近期末")),
    ("missed", gettext_lazy("期满未开齐")),
    ("waived", gettext_lazy("总支批准，不计入达标率")),
    ("na", gettext_lazy("未成立，或不设支委会、党小组")),
)
ITEM_TONES = {
    ObligationState.MET: ("ok", gettext_lazy("达标")),
    ObligationState.WAIVED: ("waive", gettext_lazy("豁免")),
    ObligationState.NOT_APPLICABLE: ("na", gettext_lazy("不适用")),
    ObligationState.MISSED: ("late", gettext_lazy("未达标")),
}
NEEDS = {
    "GB": gettext_lazy("每月1次"),
    "MM": gettext_lazy("每季度1次"),
    "CM": gettext_lazy("每月1次"),
    "GM": gettext_lazy("每组每月1次"),
    "PL": gettext_lazy("每季度1次"),
    "TD": gettext_lazy("每月相对固定1天"),
}


def shown_cell(line: queries.Line, cell: queries.Cell) -> dict[str, Any]:
    """A cell of the matrix: tone, word and below it done/needed, 已批准, or why it does not apply."""
    state = cell.state
    tone, word = TONES[state]
    small = f"{cell.done}/{cell.needed}"
    if state == "waived":
        small = _("已批准")
    elif state == "na":
        founded = line.branch.established_on
        small = _("%d月成立") % founded.month if founded > cell.month.start else cell.reason[:6]
    elif state == "future":
        small = ""
    month = cell.month.start.month
    return {
        "tone": tone,
        "word": word,
        "small": small,
        "branch": line.branch.pk,
        "month": month,
        "first": month % 3 == 1,
        "state": state,
    }


def legend(found: queries.Matrix) -> list[dict[str, Any]]:
    """State, how many cells, what it means."""
    return [
        {
            "tone": TONES[state][0],
            "drawing": CELL_ICONS[TONES[state][0]],
            "word": TONES[state][1],
            "count": found.count(state),
            "text": text,
        }
        for state, text in LEGEND
    ]


def requirement_row(
    item: queries.Item,
    cell: queries.Cell,
    branch: PartyBranch,
    meetings: Collection[tuple[str, Meeting]],
    now: datetime,
) -> dict[str, Any]:
    """One requirement of a cell: how it stands, which meetings there are, where to go on."""
    kind = item.requirement
    period = period_of(cell.month.start, rules.period_kind(kind))
    found = [row for code, row in meetings if code == kind and period.start <= row.held_on <= period.end]
    waiting = next((row for row in found if row.state == MeetingState.RECORDED), None)
    tone, word = ITEM_TONES.get(ObligationState(item.state), ("warn" if item.warning else "open", _("未开")))
    if waiting is not None and item.state == ObligationState.OPEN:
        tone, word = "warn", _("待确认")
    day = min(max(period.start, timezone.localdate(now)), period.end)
    group = (
        next((part.subject for part in item.parts if part.state == ObligationState.OPEN), "") if kind == "GM" else ""
    )
    new = f"{reverse('meetings:meeting_create')}?unit={branch.pk}&kind={kind}&day={day.isoformat()}"
    waive = f"{reverse('meetings:waiver_create')}?unit={branch.pk}&requirement={kind}&period={period.code}"
    return {
        "item": item,
        "needs": NEEDS[kind],
        "tone": tone,
        "drawing": CELL_ICONS[tone],
        "word": word,
        "small": f"{item.count}/{item.needed}" if item.needed > 1 else "",
        "meetings": list(dict.fromkeys(found)),
        "is_open": item.state in (ObligationState.OPEN, ObligationState.MISSED),
        "is_waiting": waiting is not None,
        "new": f"{new}&group={group}" if group else new,
        "waive": waive,
        "period": period.code,
    }


# 五必

MUST_LEGEND = (
    ("met", gettext_lazy("五项都落实，不适用的算落实")),
    ("open", gettext_lazy("当月未完，或补课未到期")),
    ("missed", gettext_lazy("期满有未落实的")),
    ("na", gettext_lazy("支部未成立，或启用前")),
)
MUST_TONES = {
    "met": ("ok", gettext_lazy("落实")),
    "open": ("open", gettext_lazy("进行中")),
    "missed": ("late", gettext_lazy("未落实")),
    "na": ("na", gettext_lazy("不适用")),
    "future": ("open", gettext_lazy("未到期")),
}
MUST_NEEDS = {
    Must.STUDY: gettext_lazy("当月至少一段学习或党课满30分钟"),
    Must.LECTURE: gettext_lazy("书记每季讲1次党课"),
    Must.CONVEY: gettext_lazy("到期的传达任务全部按期传达"),
    Must.COVER: gettext_lazy("当月计划的内容全部学到"),
    Must.PASS: gettext_lazy("应到的都参加或补上，次月10日为限"),
}


def shown_must(cell: queries.MustCell) -> dict[str, Any]:
    """A cell of the form: tone, word and below it n/5 or why there is none."""
    tone, word = MUST_TONES[cell.state]
    small = cell.absent[:6]
    if cell.five is not None:
        small = f"{cell.five.met}/{len(cell.five.results)}"
    elif cell.branch.established_on > cell.month.start:
        small = _("%d月成立") % cell.branch.established_on.month
    return {"tone": tone, "word": word, "small": small, "state": cell.state}


def must_legend(table: queries.MustTable) -> list[dict[str, Any]]:
    return [
        {
            "tone": MUST_TONES[state][0],
            "drawing": CELL_ICONS[MUST_TONES[state][0]],
            "word": MUST_TONES[state][1],
            "count": table.count(state),
            "text": text,
        }
        for state, text in MUST_LEGEND
    ]


def must_rows(cell: queries.MustCell) -> list[dict[str, Any]]:
    """The five of a cell: what is asked for, how it stands and why, the records behind it, who is missing."""
    if cell.five is None:
        return []
    rows = []
    for result in cell.five.results:
        tone, word = MUST_TONES[result.state.value]
        rows.append(
            {
                "label": result.must.label,
                "needs": MUST_NEEDS[result.must],
                "tone": tone,
                "drawing": CELL_ICONS[tone],
                "word": word,
                "part": f"{result.done}/{result.needed}" if result.needed > 1 else "",
                "rate": result.rate if result.needed > 1 else None,
                "note": result.note,
                "studies": cell.behind(result.must),
                "names": cell.not_passed if result.must == Must.PASS else (),
            }
        )
    return rows


# The quarterly return

RETURN_TONES = {
    "met": ("ok", gettext_lazy("达标")),
    "open": ("open", gettext_lazy("未到期")),
    "missed": ("late", gettext_lazy("未达标")),
    "waived": ("waive", gettext_lazy("豁免")),
    "na": ("na", gettext_lazy("不适用")),
}


def shown_return(cell: queries.ReturnCell) -> dict[str, Any]:
    """A cell of the return: tone, word, held out of what had to be, and which months differ."""
    tone, word = RETURN_TONES[cell.state]
    part = f"{cell.done}/{cell.needed}" if cell.needed else ""
    return {"tone": tone, "word": word, "drawing": CELL_ICONS[tone], "part": part, "note": cell.note}


def return_word(state: str) -> dict[str, Any]:
    tone, word = RETURN_TONES[state]
    return {"tone": tone, "word": word, "drawing": CELL_ICONS[tone]}


def return_legend(found: queries.QuarterReturn) -> list[dict[str, Any]]:
    """State, how many branches stand in it."""
    return [{**return_word(state), "count": found.count(state)} for state in RETURN_TONES if found.count(state)]
