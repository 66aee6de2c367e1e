"""五必: how a branch stood in the five study obligations of one month, a mechanism of the brigade (报道所载)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from brigade.kit.clocks import Period, period_of
from brigade.obligations.states import EXCUSED, ObligationState
from partybuilding.meetings.rules.attendance import percent
from partybuilding.meetings.states import Must

MET, MISSED, OPEN, NOT_APPLICABLE = (
    ObligationState.MET,
    ObligationState.MISSED,
    ObligationState.OPEN,
    ObligationState.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Directive:
    """Something to be conveyed to the branch by a day, and the day on which it was."""

    title: str
    due_on: date
    conveyed_on: date | None = None

    @property
    def is_on_time(self) -> bool:
        return self.conveyed_on is not None and self.conveyed_on <= self.due_on

    def days_late(self, today: date) -> int:
        return max(((self.conveyed_on or today) - self.due_on).days, 0)


@dataclass(frozen=True, slots=True)
class Learner:
    """A member and the studies of the month at which he was due: the day he took part in each, or made it up.

    `scores` holds the tries at the month's quiz with their days; None where there was no quiz.
    """

    name: str
    took_part_on: tuple[date | None, ...]
    scores: tuple[tuple[date, int], ...] | None = None

    def has_passed(self, until: date, pass_score: int) -> bool:
        there = all(day is not None and day <= until for day in self.took_part_on)
        return there and (
            self.scores is None or any(day <= until and score >= pass_score for day, score in self.scores)
        )


@dataclass(frozen=True, slots=True)
class MustLimits:
    """The dated parameters that 五必 goes by."""

    study_minutes: int = 30
    pass_days: int = 10
    pass_score: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfStudy:
    """All that 五必 looks at: a branch's studies, its secretary's lessons in the quarter up to the end of the month,
    what was to be conveyed, what the plan named and what of it was covered, and each member's learning."""

    month: Period
    longest_study: int = 0
    lectures: int = 0
    directives: tuple[Directive, ...] = ()
    planned: int = 0
    covered: int = 0
    learners: tuple[Learner, ...] = ()


@dataclass(frozen=True, slots=True)
class MustResult:
    """One of the five: how it stands, how much of it is done, and what is to be said of it."""

    must: Must
    state: ObligationState
    done: int = 0
    needed: int = 0
    note: str = ""

    @property
    def rate(self) -> Decimal | None:
        return percent(self.done, self.needed)

    @property
    def word(self) -> str:
        """研学, 讲课, 传达, 涵盖, 过关"""
        return str(self.must.label)[-2:]

    @property
    def counts(self) -> bool:
        """What does not apply counts as met."""
        return self.state in {MET} | EXCUSED


@dataclass(frozen=True, slots=True)
class FiveMusts:
    """n/5（不适用k）"""

    results: tuple[MustResult, ...]

    @property
    def met(self) -> int:
        return sum(result.counts for result in self.results)

    @property
    def not_applicable(self) -> int:
        return sum(result.state == NOT_APPLICABLE for result in self.results)

    @property
    def state(self) -> ObligationState:
        states = {result.state for result in self.results}
        return MISSED if MISSED in states else OPEN if OPEN in states else MET

    @property
    def text(self) -> str:
        text = f"{self.met}/{len(self.results)}"
        return text + _("（不适用%d）") % self.not_applicable if self.not_applicable else text

    @property
    def said(self) -> str:
        """What is done and what is still wanted: 研学、讲课已落实；过关15/18，6月10日前补课."""
        done = "、".join(result.word for result in self.results if result.state == MET)
        wanted = [result for result in self.results if not result.counts]
        parts = [_("%s已落实") % done if done else ""]
        parts += [
            result.word
            + (f"{result.done}/{result.needed}" if result.needed > 1 else _("未落实"))
            + (f"，{result.note}" if result.note else "")
            for result in wanted
        ]
        return "；".join(filter(None, parts))


def five_musts(found: MonthOfStudy, limits: MustLimits, today: date) -> FiveMusts:
    """How the five stand on `today`; what is not done is open until its time is over."""
    return FiveMusts(
        (
            _study(found, limits, today),
            _lecture(found, today),
            _convey(found.directives, today),
            _cover(found, today),
            _pass(found, limits, today),
        )
    )


def pass_deadline(month: Period, limits: MustLimits) -> date:
    return month.end + timedelta(days=limits.pass_days)


def not_passed(found: MonthOfStudy, limits: MustLimits) -> list[str]:
    """Who has still to make up or to try again, by name."""
    until = pass_deadline(found.month, limits)
    return [one.name for one in found.learners if not one.has_passed(until, limits.pass_score)]


def _unless(done: bool, closed: bool) -> ObligationState:
    return MET if done else MISSED if closed else OPEN


def _study(found: MonthOfStudy, limits: MustLimits, today: date) -> MustResult:
    done = found.longest_study >= limits.study_minutes
    note = "" if done else _("还没有满%d分钟的学习") % limits.study_minutes
    return MustResult(Must.STUDY, _unless(done, today > found.month.end), int(done), 1, note)


def _lecture(found: MonthOfStudy, today: date) -> MustResult:
    """Once a quarter: a lesson that is missing before the last month of the quarter is still to come."""
    if found.lectures:
        return MustResult(Must.LECTURE, MET, 1, 1)
    if found.month.end < period_of(found.month.end, "quarter").end:
        return MustResult(Must.LECTURE, NOT_APPLICABLE, note=_("本季讲1次，季末月再看"))
    return MustResult(Must.LECTURE, _unless(False, today > found.month.end), 0, 1, _("书记本季还没有讲党课"))


def _convey(directives: Iterable[Directive], today: date) -> MustResult:
    rows = list(directives)
    if not rows:
        return MustResult(Must.CONVEY, NOT_APPLICABLE, note=_("没有到期的传达任务"))
    on_time = sum(row.is_on_time for row in rows)
    late = [row for row in rows if not row.is_on_time and row.days_late(today)]
    note = "；".join(
        _("%(title)s逾期传达%(n)d天") % {"title": row.title, "n": row.days_late(today)}
        if row.conveyed_on
        else _("%(title)s逾期%(n)d天未传达") % {"title": row.title, "n": row.days_late(today)}
        for row in late
    )
    return MustResult(Must.CONVEY, _unless(on_time == len(rows), bool(late)), on_time, len(rows), note)


def _cover(found: MonthOfStudy, today: date) -> MustResult:
    if not found.planned:
        return MustResult(Must.COVER, NOT_APPLICABLE, note=_("无计划"))
    done = found.covered >= found.planned
    return MustResult(Must.COVER, _unless(done, today > found.month.end), found.covered, found.planned)


def _pass(found: MonthOfStudy, limits: MustLimits, today: date) -> MustResult:
    if not found.learners:
        return MustResult(Must.PASS, NOT_APPLICABLE, note=_("本月没有集中学习"))
    until, due = pass_deadline(found.month, limits), len(found.learners)
    passed = due - len(not_passed(found, limits))
    note = "" if passed == due else _("%(month)d月%(day)d日前补课") % {"month": until.month, "day": until.day}
    return MustResult(Must.PASS, _unless(passed == due, today > until), passed, due, note)
