"""What a branch's own ledger brings in: meetings of last year, recorded by who brings them in and marked 补录."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column, Row
from brigade.kit.refusals import Refused
from brigade.ledgers.queries import in_use
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org.imports import APART, People, Units
from brigade.org.models import Person
from brigade.org.states import Tree
from brigade.reference.queries import parameter
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.branches.queries import structure
from partybuilding.meetings import actions, queries, rules
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.rules import Mark, Sheet, Span
from partybuilding.meetings.states import MeetingState, Mode, Presence, SegmentKind

PERM = "meetings.record_any_meeting"
COLUMNS = (
    Column(
        "unit",
        gettext_lazy("支部"),
        "name",
        synonyms=("党支部", "所在支部", "支部名称", "党支部名称", "组织名称", "党组织"),
        max_length=80,
        width=22,
    ),
    Column("title", gettext_lazy("标题"), synonyms=("会议名称", "活动名称"), max_length=120, width=24),
    Column("theme", gettext_lazy("主题"), synonyms=("会议主题", "活动主题", "议题"), max_length=120, width=24),
    Column("day", gettext_lazy("日期"), "date", synonyms=("会议日期", "召开日期", "活动日期")),
    Column(
        "starts_at",
        gettext_lazy("开始"),
        "span",
        True,
        ("开始时间", "时间", "会议时间", "召开时间", "活动时间"),
        width=17,
    ),
    Column("ends_at", gettext_lazy("结束"), "span", synonyms=("结束时间",), width=17),
    Column("minutes", gettext_lazy("时长（分钟）"), "integer", synonyms=("分钟",)),
    Column(
        "kinds",
        gettext_lazy("内容"),
        required=True,
        synonyms=("会议类型", "会议类别", "活动类型", "类型", "类别"),
        max_length=80,
        width=20,
    ),
    Column("group", gettext_lazy("党小组"), "name", max_length=40),
    Column("place", gettext_lazy("地点"), synonyms=("会议地点",), max_length=120),
    Column("mode", gettext_lazy("方式"), "choice", choices=Mode.choices),
    Column("chair", gettext_lazy("主持人"), "name", synonyms=("主持",), max_length=40),
    Column("recorder", gettext_lazy("记录人"), "name", synonyms=("记录",), max_length=40),
    Column("lecturer", gettext_lazy("主讲人"), "name", synonyms=("讲课人", "授课人"), max_length=40),
    Column("leave", gettext_lazy("请假"), synonyms=("请假人员",), max_length=400, width=20),
    Column("absent", gettext_lazy("缺席"), synonyms=("缺席人员", "未到人员"), max_length=400, width=20),
    Column("summary", gettext_lazy("记录"), synonyms=("会议内容", "主要内容", "会议记录"), width=30),
)
_WHY = re.compile(r"\s*[(（]([^()（）]*)[)）]")
FIRST_DAY = date(2018, 10, 28)
"""Of the regulation on the work of branches, from which all that is counted of a meeting comes."""
NOBODY = frozenset(("无", "没有", "—", "-", "0"))
STRETCHED = re.compile(r"(?<![\u3400-\u9fff])([\u3400-\u9fff])\s+([\u3400-\u9fff])(?![\u3400-\u9fff])")
KINDS = {str(kind.label): kind.value for kind in SegmentKind} | {
    "党员大会": "MM",
    "支部党员大会": "MM",
    "支部委员会": "CM",
}


def judge(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """A meeting that its branch has at that time already is skipped; whoever is not named was there, as on the roll.

    The ledger of one's only branch need not say whose it is.
    """
    names = [name for row in rows for code in ("chair", "recorder", "lecturer") for name in [row.values.get(code)]]
    names += [name for row in rows for code in ("leave", "absent") for name, _why in _absentees(row.values.get(code))]
    timed = [_times(Look(row)) for row in rows]
    people, book = People(names), _Book([starts_at for _look, starts_at, _ends_at in timed], by, now)
    seen: dict[tuple[int, datetime], int] = {}
    for look, starts_at, ends_at in timed:
        branch = look.find("unit", book.branch) if look["unit"] else book.only
        if branch is None and not look["unit"]:
            look.fault("unit" if "unit" in look.row.letters else "starts_at", _("有几个支部，写明是哪个。"))
        if branch and starts_at:
            first = seen.setdefault((branch.pk, starts_at), look.row.number)
            if first != look.row.number:
                look.fault("starts_at", _("与第%(n)d行重复") % {"n": first})
            elif (branch.pk, starts_at) in book.held:
                yield look.known("unit", (), "")
                continue
        yield look.become(_sheet(look, branch, people, book, now, starts_at, ends_at))


class _Book:
    """Branches, groups and meetings that the rows may name, in one query each."""

    def __init__(self, starts: Sequence[datetime | None], by: Any, now: datetime) -> None:
        today = timezone.localdate(now)
        self._units = Units(by, PERM, today, tree=Tree.PARTY)
        self._branches = {
            one.pk: one for one in PartyBranch.objects.filter(unit__in=by.units_for(PERM)).select_related("unit")
        }
        self.only = next(iter(self._branches.values())) if len(self._branches) == 1 else None
        self._groups = {(group.branch_id, group.name): group.pk for group in PartyGroup.objects.all()}
        there = Meeting.objects.filter(starts_at__in=set(starts) - {None}).exclude(state=MeetingState.VOID)
        self.held = set(there.values_list("unit", "starts_at"))
        self.whole = structure(self._branches)

    def branch(self, text: str) -> PartyBranch:
        unit = self._units.find(text)
        if unit.pk not in self._branches:
            raise Refused(_("%s不是党支部，先在党建里成立。") % unit.name)
        return self._branches[unit.pk]

    def group(self, branch: PartyBranch, name: str) -> int:
        if (branch.pk, name) not in self._groups:
            raise Refused(_("%(branch)s没有“%(name)s”，先设党小组。") % {"branch": branch, "name": name})
        return self._groups[branch.pk, name]


def _sheet(
    look: Look,
    branch: PartyBranch | None,
    people: People,
    book: _Book,
    now: datetime,
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> Sheet | None:
    if ends_at is None and not any(fault.code == "ends_at" for fault in look.row.faults):
        look.fault("ends_at" if "ends_at" in look.row.letters else "starts_at", _("写明结束时间，或者时长多少分钟"))
    kinds = look.find("kinds", lambda text: _kinds(text, branch))
    found = {code: look.find(code, people.find) for code in ("chair", "recorder", "lecturer")}
    group = look.find("group", lambda name: branch and book.group(branch, name))
    away = _away(look, people)
    if starts_at and starts_at > now:
        look.fault("starts_at", _("会议还没有开始，不能记录"))
    if starts_at and timezone.localdate(starts_at) < FIRST_DAY:
        look.fault("starts_at", _("%s以前的会议不导入") % FIRST_DAY)
    if look.row.faults or branch is None or kinds is None or starts_at is None or ends_at is None:
        return None
    day = timezone.localdate(starts_at)
    sheet = Sheet(
        unit_id=branch.pk,
        title=look.text("title"),
        theme=look.text("theme"),
        starts_at=starts_at,
        ends_at=ends_at,
        spans=tuple(_span(kind, starts_at, ends_at, found["lecturer"], group) for kind in kinds),
        place=look.text("place"),
        mode=look["mode"] or Mode.ONSITE,
        chair_id=_key(found["chair"]),
        recorder_id=_key(found["recorder"]),
        summary=look.text("summary"),
        backfill_reason=_reason(day, now),
        marks=tuple(mark for _code, _person, mark in away),
    )
    due = {row.person_id for row in queries.due_for(sheet, book.whole)}
    for code, person, _mark in away:
        if person.pk not in due:
            look.fault(code, _("%s那天不在应到名单里，核对姓名，或者从这一格删去") % person.name)
    try:
        rules.check_sheet(sheet, parameter("party.photo_limit", day))
    except Refused as refusal:
        look.fault("kinds" if refusal.field == "spans" else "starts_at", str(refusal))
    return sheet


def _span(kind: str, starts_at: datetime, ends_at: datetime, lecturer: Person | None, group: int | None) -> Span:
    is_lesson, is_group = kind == SegmentKind.PL, kind == SegmentKind.GM
    return Span(kind, starts_at, ends_at, "", _key(lecturer) if is_lesson else None, group if is_group else None)


def _times(look: Look) -> tuple[Look, datetime | None, datetime | None]:
    """Beginning and end as written, or by the length, or as one cell says both; the day may stand in a column of its
    own. The portal makes up neither a time of day nor a length."""
    begun, ended = look["starts_at"], look["ends_at"]
    starts_at, ends_at = begun.on(look["day"]) if begun else (None, None)
    if begun and starts_at is None:
        look.fault("starts_at", _("写明是哪天，如2025-3-5 14:30"))
    elif begun and begun.start is None or starts_at and timezone.localtime(starts_at).time() == datetime.min.time():
        look.fault("starts_at", _("写明几点开始，如2025-3-5 14:30"))
    if begun and begun.day and look["day"] and begun.day != look["day"]:
        look.fault("day", _("和开始时间不是同一天"))
    if ended and starts_at:
        ends_at = ended.on(timezone.localdate(starts_at))[0]
    if ends_at is None and starts_at and look["minutes"]:
        ends_at = starts_at + timedelta(minutes=min(look["minutes"], 24 * 60))
    return look, starts_at, ends_at


def _kinds(text: str, branch: PartyBranch | None) -> list[str]:
    parts = _parts(text)
    unknown = [part for part in parts if part not in KINDS]
    if unknown:
        raise Refused(
            _("“%(text)s”不在可填的里面：%(offered)s。")
            % {"text": unknown[0], "offered": "、".join(map(str, SegmentKind.labels))}
        )
    kinds = list(dict.fromkeys(KINDS[part] for part in parts))
    if branch is not None:
        wrong = {SegmentKind.CM, SegmentKind.GM} if branch.is_general else {SegmentKind.GB}
        if bad := wrong & set(kinds):
            label = SegmentKind(min(bad)).label
            raise Refused(_("%(branch)s不开%(kind)s") % {"branch": branch.unit.short_name, "kind": label})
    return kinds


def _away(look: Look, people: People) -> list[tuple[str, Person, Mark]]:
    """Who was not there, each once, by the column that says so."""
    found: dict[int, tuple[str, Person, Mark]] = {}
    statuses: Mapping[str, str] = {"leave": Presence.LEAVE_PERSONAL, "absent": Presence.ABSENT}
    for code, status in statuses.items():
        away = look.find(code, lambda text: [(people.find(name), why) for name, why in _absentees(text)])
        for person, reason in away or ():
            found[person.pk] = code, person, Mark(person.pk, status, reason)
    return list(found.values())


def _absentees(text: str | None) -> list[tuple[str, str]]:
    """Names, each with the reason that stands in brackets behind it: 张三（出差）、李四."""
    whys: dict[str, str] = {}

    def note(found: re.Match[str]) -> str:
        whys[f"({len(whys)})"] = found[1].strip()
        return f"({len(whys) - 1})"

    names = (part.partition("(") for part in _parts(_WHY.sub(note, text or "")))
    return [(name, whys.get(f"({rest}", "")[:120]) for name, _bracket, rest in names]


def _parts(text: str | None) -> list[str]:
    """The names of a list; one of two signs that was stretched to stand aligned, 张　三, is one name."""
    return [part for part in APART.split(STRETCHED.sub(r"\1\2", text or "")) if part and part not in NOBODY]


def _key(person: Person | None) -> int | None:
    return person.pk if person else None


def _reason(day: Any, now: datetime) -> str:
    late = rules.is_backfill(timezone.localdate(now), day, parameter("party.backfill_reason_days", day))
    return _("按原台账导入") if late else ""


def used(keys: Sequence[Any]) -> str:
    moved = Meeting.objects.filter(pk__in=keys).exclude(state=MeetingState.RECORDED, version=1).order_by("pk")[:4]
    return in_use(
        [_("%(number)s（%(state)s）") % {"number": one.number, "state": one.get_state_display()} for one in moved]
    )


IMPORTS = [
    Import(
        code="meetings:meeting_list",
        title=gettext_lazy("会议记录"),
        perm=PERM,
        columns=COLUMNS,
        notes={
            "unit": gettext_lazy("名称、简称或代码"),
            "kinds": gettext_lazy("主题党日、党员大会、支委会、党小组会、党课、集中学习等，几项用顿号分开"),
            "leave": gettext_lazy("姓名，用顿号分开"),
            "absent": gettext_lazy("姓名，用顿号分开"),
        },
        explains=gettext_lazy(
            "导入后是待确认，由主持人或书记确认；超过15天的记为补录，超过60天的还要党总支同意。应到名单按开会那天，没写请假、缺席的都算到会。"
        ),
        judge=judge,
        ready=actions.ready_past,
        write=lambda batch, *, by, now: actions.record_past(batch, by=by, now=now),
        used=used,
        undo=actions.take_back_meetings,
        max_rows=1_000,
    )
]
