"""The life of one hazard of the demo world, step by step; what would lie in the future does not happen."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from brigade.audit.actions import SYSTEM, Entry
from brigade.files.models import File
from brigade.files.queries import version_in_use
from brigade.kit.clocks import at, workday_on_or_after
from brigade.obligations.actions import keys_of
from brigade.obligations.models import Key
from brigade.org.models import Person, Unit
from brigade.reference.queries import calendar, parameter
from brigade.workbench.demo.pictures import Shot
from brigade.workbench.demo.world import World
from enforcement.hazards import queries, rules
from enforcement.hazards.models import (
    ClockPause,
    Extension,
    Hazard,
    HazardDocument,
    HazardPhoto,
    OwnerTurn,
    Recheck,
    SupervisionListing,
    Verification,
)
from enforcement.hazards.states import (
    DEPARTMENTS,
    STEPS,
    Check,
    DocumentKind,
    Grade,
    HazardState,
    PauseKind,
    PhotoKind,
    form_code,
)

CLERK, DEPUTY, LEADER, OFFICE = "D10011", "D10003", "D10001", "D80001"


def on_the_road(world: World, unit: Unit) -> list[Person]:
    """Its leader first, then who goes on patrol; who only keeps the minutes does not."""
    return [person for person in world.staff[unit.code] if person.police_no != "D10021"]


class Ahead(Exception):
    """The next step lies in the future: here the story stands today."""


version = cache(lambda kind: version_in_use(form_code(kind)))


class Story:
    """A hazard and all that hangs on it. Each step is a verb of `hazards.actions`, at a moment that `later` gives."""

    def __init__(self, world: World, random: Random, hazard: Hazard, shots: dict[str, list[Shot]]) -> None:
        self.world, self.random, self.hazard = world, random, hazard
        self.scene = random.randrange(len(shots[PhotoKind.BEFORE]))
        self.shots = shots
        self.moment = hazard.created_at
        self.entries: list[Entry] = []
        self.keys: set[Key] = set()
        self.rows: list[Any] = []
        self.files: list[File] = []
        self.documents: list[HazardDocument] = []
        staff = [person for person in on_the_road(world, hazard.unit) if person.kind == "officer"]
        self.captain = staff[0]
        self.pair = random.sample([one for one in staff if one != hazard.created_by], 2)
        owner = hazard.owner
        self.liaison = (
            next((p for p in world.staff.get(owner.code, ()) if p.kind == "outside"), None) if owner else None
        )
        hazard.owner = None
        self.owner = owner
        self.keys |= keys_of(hazard)

    @property
    def people(self) -> dict[str, Person]:
        return self.world.people

    def later(self, days: int, hours: tuple[int, int] = (9, 17)) -> datetime:
        """A working moment so many days on; never before the last one. Raises `Ahead` beyond today."""
        day = workday_on_or_after(self.moment.date() + timedelta(days=days), calendar()).date
        clock = time(self.random.randrange(*hours), self.random.randrange(60))
        return self.reach(max(at(day, clock), self.moment + timedelta(minutes=20)))

    def reach(self, moment: datetime) -> datetime:
        if moment > self.world.now - timedelta(minutes=1):
            raise Ahead
        self.moment = moment
        return moment

    def did(self, verb: str, by: Any, note: str = "", **changes: Any) -> None:
        """One line of the history; the clocks that run now are remembered."""
        self.entries.append(
            Entry(verb=f"hazard.{verb}", target=self.hazard, by=by, note=note, changes=changes, now=self.moment)
        )
        self.keys |= keys_of(self.hazard)

    def photo(self, kind: str, by: Person, look: str = "") -> None:
        stored, seen = self.shots[look or kind][self.scene]
        taken_at = self.moment - timedelta(minutes=self.random.randrange(2, 12))
        file = File(
            sha256=stored.sha256,
            size=stored.size,
            kind=stored.kind,
            media_type=stored.media_type,
            name=stored.name,
            by_id=by.pk,
            by_name=by.name,
            at=taken_at,
        )
        self.files.append(file)
        self.rows.append(HazardPhoto(hazard=self.hazard, file=file, kind=kind, taken_at=taken_at, by=by, dhash=seen))

    def issue(self, kind: str, by: Any, signed_by: Person | None = None, step: int = 0, **more: Any) -> None:
        """A document as it is printed; its number comes when all documents of the year stand in a row."""
        hazard = self.hazard
        facts = queries.facts(hazard, self.moment) | more
        facts["photos"] = sum(isinstance(row, HazardPhoto) for row in self.rows)
        facts |= {"issuer": self.world.units["DD"].name, "signer": signed_by.name if signed_by else ""}
        facts["form"] = version(kind)
        self.documents.append(
            HazardDocument(
                hazard=hazard,
                kind=kind,
                issued_at=self.moment,
                issued_by=None if by.is_system else by,
                signed_by=signed_by,
                step=step,
                due_at=hazard.due_at,
                facts=facts,
            )
        )

    # The steps

    def register(self) -> None:
        hazard, by = self.hazard, self.captain if self.random.random() < 0.7 else self.people[CLERK]
        self.later(self.random.choice((0, 0, 1, 1, 1, 2)))
        hazard.state, hazard.registered_at, hazard.registered_by = HazardState.REGISTERED, self.moment, by
        hazard.register_note = "现场核实，情况属实"
        self.did("registered", by)

    def invalidate(self) -> None:
        self.later(1)
        self.hazard.state, self.hazard.ended_at = HazardState.INVALID, self.moment
        self.did("invalidated", self.captain, "到场查看，设施完好，不属于隐患")

    def merge(self, into: Hazard) -> None:
        hazard = self.hazard
        self.later(1)
        hazard.state, hazard.dup_of, hazard.ended_at = HazardState.MERGED, into, self.moment
        into.reporter_count += 1
        self.did("merged", self.people[CLERK])

    def grade(self, is_major: bool = False, key_reason: str = "") -> None:
        hazard = self.hazard
        self.later(self.random.choice((0, 1, 1, 2)))
        by = self.people[DEPUTY if is_major else CLERK]
        hazard.state, hazard.graded_at, hazard.graded_by = HazardState.GRADED, self.moment, by
        hazard.grade = Grade.MAJOR if is_major else Grade.GENERAL
        if key_reason:
            hazard.is_key, hazard.key_reason = True, key_reason
        if is_major:
            hazard.second_grader = self.people[LEADER]
        self.did("graded_major" if is_major else "graded", by)
        if is_major:
            self.control()

    def control(self) -> None:
        hazard = self.hazard
        self.reach(self.moment + timedelta(hours=self.random.randrange(2, 9)))
        hazard.interim_measures = "设锥桶和警示牌，限速40公里，早晚高峰派人值守"
        hazard.interim_at = self.moment
        self.photo(PhotoKind.INTERIM, self.pair[0])
        self.did("controlled", self.captain)

    def notify(self) -> None:
        hazard, by, signer = self.hazard, self.people[CLERK], self.people[DEPUTY]
        owner = self.owner
        if owner is None:
            raise Ahead
        self.later(self.random.choice((0, 1, 1, 2, 3)))
        term = queries.usual_days(hazard.category, hazard.grade, self.moment.date())
        hazard.state, hazard.owner = HazardState.NOTIFIED, owner
        hazard.notified_at = hazard.delivered_at = self.moment
        hazard.due_at = rules.end_of(self.moment.date() + timedelta(days=term))
        self.turn = OwnerTurn(hazard=hazard, owner=owner, delivered_at=self.moment, due_at=hazard.due_at)
        self.rows.append(self.turn)
        is_department = owner.hazard_owner.owner_type in DEPARTMENTS
        self.issue(DocumentKind.ADVICE if is_department else DocumentKind.NOTICE, by, signer)
        self.did("notified", by)

    def accept(self) -> None:
        hazard = self.hazard
        self.later(0 if self.is_urgent else self.random.choice((0, 1, 1, 2, 3)))
        hazard.state, hazard.accepted_at = HazardState.ACCEPTED, self.moment
        hazard.is_on_paper = self.liaison is None
        hazard.accepted_name = self.answering.name if self.liaison else self.owner.hazard_owner.liaison_name
        self.did("accepted", self.answering)

    @property
    def is_urgent(self) -> bool:
        """To be mended within days: nobody lets it lie."""
        return self.hazard.due_at - self.moment < timedelta(days=7)

    @property
    def answering(self) -> Person:
        """The liaison with an account, else the clerk who writes the paper answer down."""
        return self.liaison or self.people[CLERK]

    def start(self, words: str) -> None:
        hazard = self.hazard
        self.later(0 if self.is_urgent else self.random.randrange(0, 3))
        hazard.state, hazard.rectifying_at = HazardState.RECTIFYING, self.moment
        if hazard.grade == Grade.MAJOR:
            hazard.plan_measures, hazard.plan_funds = words, "已列年度养护预算"
            hazard.plan_person, hazard.plan_due_on = hazard.accepted_name, hazard.due_at.date()
            hazard.plan_emergency = "派人值守，遇雨雪天气封闭半幅"
        self.did("started", self.answering)

    def dispute(self) -> None:
        hazard = self.hazard
        self.later(1)
        hazard.disputed_at, hazard.dispute_reason = self.moment, "该路段已移交，管养权属待确认"
        self.rows.append(
            ClockPause(
                hazard=hazard,
                kind=PauseKind.DISPUTE,
                started_at=self.moment,
                note=hazard.dispute_reason,
                by=self.answering,
            )
        )
        self.did("disputed", self.answering, hazard.dispute_reason)

    def uphold(self) -> None:
        hazard, by = self.hazard, self.people[OFFICE]
        pause = next(row for row in self.rows if isinstance(row, ClockPause))
        self.later(5)
        pause.ended_at, hazard.disputed_at = self.moment, None
        self._limit(rules.moved_by_pause(hazard.due_at, pause.started_at, self.moment))
        self.did("upheld", by, "会商认定由原责任单位整改")

    def _limit(self, due_at: datetime) -> None:
        self.hazard.due_at = self.turn.due_at = due_at

    def extend(self, days: int, is_answered: bool = True, asked_on: date | None = None) -> None:
        """Asked for a few days before the limit ends, or on that day."""
        hazard = self.hazard
        day = asked_on or workday_on_or_after(hazard.due_at.date() - timedelta(days=5), calendar()).date
        self.reach(max(at(day, time(10)), self.moment + timedelta(hours=1)))
        row = Extension(
            hazard=hazard,
            seq=1,
            days=days,
            reason="雨天影响施工，材料晚到",
            old_due_at=hazard.due_at,
            new_due_at=hazard.due_at + timedelta(days=days),
            asked_at=self.moment,
            asked_by=self.answering,
        )
        self.rows.append(row)
        self.did("extension_asked", self.answering, row.reason)
        if not is_answered:
            hazard.extension_asked_at = row.asked_at
            return
        by, old = self.people[DEPUTY], queries.day_text(hazard.due_at)
        self.later(1)
        row.decided_at, row.decided_by, row.is_granted, row.answer = self.moment, by, True, "同意，只此一次"
        self._limit(row.new_due_at)
        more = {"extension_days": days, "extension_reason": row.reason, "old_due_on": old, "answer": row.answer}
        self.issue(DocumentKind.EXTENSION, by, by, **more)
        self.did("extended", by)

    def progress(self, note: str) -> None:
        self.later(self.random.randrange(2, 9))
        self.did("progressed", self.answering, note)

    def run_late(self, until: datetime) -> None:
        """The letters of the overdue ladder up to a moment, each on the morning of its day."""
        hazard = self.hazard
        for step, (_days, kind) in zip(parameter("hazards.escalation_days", until.date()), STEPS, strict=True):
            morning = at(hazard.due_at.date() + timedelta(days=step), time(8))
            if morning >= min(until, self.world.now):
                break
            self.moment = max(self.moment, morning)
            self.issue(kind, SYSTEM, step=step, days_overdue=step)
            self.did("escalated", SYSTEM)

    def submit(self, moment: datetime, words: str) -> None:
        hazard = self.hazard
        moment = max(moment, self.moment + timedelta(hours=2))
        if hazard.due_at < moment:
            self.run_late(moment)
        self.reach(moment)
        hazard.state, hazard.submitted_at, hazard.submitted_by = HazardState.SUBMITTED, self.moment, self.answering
        hazard.completed_on, hazard.completion_note = self.moment.date(), words
        self.photo(PhotoKind.AFTER, self.answering)
        self.did("submitted", self.answering)

    def find_unmended(self) -> None:
        hazard = self.hazard
        self.later(self.random.choice((1, 2, 3)))
        self._verify(False, "减速带没有装到位，标志朝向不对")
        hazard.state, hazard.return_count = HazardState.RECTIFYING, hazard.return_count + 1
        hazard.verified_at = self.moment
        self.did("found_unmended", self.pair[0], "减速带没有装到位，标志朝向不对")

    def verify(self) -> None:
        hazard, first = self.hazard, self.pair[0]
        self.later(self.random.choice((1, 1, 2, 3, 4, 8)))
        made = self._verify(True, "")
        made.checks = {item.value: True for item in Check}
        made.distance_m = self.random.randrange(3, 60)
        hazard.state = HazardState.CLOSED
        hazard.verified_at = hazard.closed_at = self.moment
        self.photo(PhotoKind.VERIFICATION, first)
        facts = queries.verification_facts(made)
        self.issue(DocumentKind.VERIFICATION, first, **facts)
        self.issue(DocumentKind.CLOSING, first, **facts)
        self.did("closed", first)

    def _verify(self, has_passed: bool, note: str) -> Verification:
        hazard, (first, second) = self.hazard, self.pair
        made = Verification(
            hazard=hazard,
            unit=hazard.unit,
            owner=hazard.owner,
            at=self.moment,
            submitted_at=hazard.submitted_at,
            due_at=hazard.due_at,
            has_passed=has_passed,
            first=first,
            second=second if has_passed else None,
            note=note,
        )
        self.rows.append(made)
        return made

    def recheck(self) -> None:
        """Twice, a little before each of its days; one in twelve is left out until somebody is reminded."""
        closed_at = self.hazard.closed_at
        for days in parameter("hazards.recheck_days", closed_at.date()):
            last = closed_at.date() + timedelta(days=days)
            if self.random.random() < 0.08 and (self.world.today - last).days < 12:
                raise Ahead
            day = last - timedelta(days=self.random.randrange(1, 6))
            self.reach(at(day, time(10, self.random.randrange(60))))
            by = self.pair[1]
            self.rows.append(
                Recheck(hazard=self.hazard, closed_at=closed_at, at=self.moment, by=by, note="现场完好，没有反弹")
            )
            self.did("rechecked", by, "现场完好，没有反弹")

    def reopen(self, days: int) -> None:
        hazard, by = self.hazard, self.captain
        self.later(12)
        self.photo(PhotoKind.RELAPSE, by, PhotoKind.BEFORE)
        hazard.state, hazard.reopen_count, hazard.reopened_at = HazardState.RECTIFYING, 1, self.moment
        for row in self.rows:
            if isinstance(row, Verification) and row.has_passed:
                row.reopened_at = self.moment
        hazard.closed_at = hazard.submitted_at = None
        self._limit(rules.end_of(self.moment.date() + timedelta(days=days)))
        self.did("reopened", by, "设施被撞坏，又没有防护")

    def defer(self, days: int) -> None:
        hazard, by = self.hazard, self.people[DEPUTY]
        self.control()
        self.later(2)
        hazard.state_before, hazard.state = hazard.state, HazardState.DEFERRED
        hazard.deferral_document = f"东交安办〔{self.moment.year}〕18号"
        hazard.review_on = self.world.today + timedelta(days=days)
        reason = "道路改建工程明年春季开工，一并解决"
        self.rows.append(ClockPause(hazard=hazard, kind=PauseKind.DEFERRAL, started_at=self.moment, note=reason, by=by))
        self.did("deferred", by, reason)

    def list(self, level: str, number: str, leader: str) -> SupervisionListing:
        by = self.people[OFFICE if level == "county" else CLERK]
        self.later(1)
        row = SupervisionListing(
            hazard=self.hazard,
            level=level,
            document_no=number,
            leader=leader,
            listed_on=self.moment.date(),
            due_on=self.moment.date() + timedelta(days=180),
            is_public=True,
            listed_by=by,
        )
        self.rows.append(row)
        self._tell_of(row, DocumentKind.LISTED, by)
        self.did("listed", by, number)
        return row

    def _tell_of(self, row: SupervisionListing, kind: str, by: Person) -> None:
        more = {
            "listing_level": row.get_level_display(),
            "listing_no": row.document_no,
            "listing_leader": row.leader,
            "listed_on": queries.day_text(row.listed_on),
            "listing_due_on": queries.day_text(row.due_on),
            "delisting_no": row.delisting_no,
            "delisted_on": queries.day_text(row.delisted_on),
            "closed_on": queries.day_text(self.hazard.closed_at),
            "days_overdue": self.hazard.days_overdue(self.moment),
        }
        self.issue(kind, by, **more)

    def report_up(self, row: SupervisionListing) -> None:
        by = self.people[CLERK]
        self.later(2)
        more = {
            "crash_analysis": "三年内发生伤人事故3起，均为夜间驶出路外",
            "scheme": self.hazard.suggestion,
            "cost": "86000.00",
            "listing": f"{row.get_level_display()}，{row.document_no}",
        }
        self.hazard.cost_estimate = Decimal(more["cost"])
        self.issue(DocumentKind.SPECIAL, by, self.people[DEPUTY], **more)
        self.did("reported_up", by)

    def delist(self, row: SupervisionListing, number: str) -> None:
        self.later(3)
        row.delisted_on, row.delisting_no = self.moment.date(), number
        row.delisted_by = row.listed_by
        self._tell_of(row, DocumentKind.DELISTED, row.listed_by)
        self.did("delisted", row.listed_by, number)
