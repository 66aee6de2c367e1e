"""A general branch with branches for tests: `world()`, `branch(world)`, `sheet(branch, …)`, `held(branch, …)`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import pytest
from django.db import transaction

from brigade.kit.clocks import at
from brigade.kit.refusals import Refused
from brigade.org.models import Person, Unit
from brigade.org.states import Role, Tree, UnitKind
from partybuilding.branches import actions as branches
from partybuilding.branches.models import CommitteeSeat, Membership, PartyBranch, PartyGroup, PartyMember, Transfer
from partybuilding.branches.states import BranchKind, JoinedBy, MemberStatus, SeatRole
from partybuilding.meetings import actions
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.rules import Mark, Sheet, Span
from tests.brigade.org.factories import LONG_AGO, grant, person, unit

SEATS = (SeatRole.SECRETARY, SeatRole.ORGANISATION, SeatRole.PUBLICITY, SeatRole.DISCIPLINE, SeatRole.MEMBER)


@dataclass
class Branch:
    """A branch with its people: members in order of their number, the first of them the secretary."""

    unit: Unit
    row: PartyBranch
    members: list[Person]
    recorder: Person
    groups: list[PartyGroup] = field(default_factory=list)

    @property
    def secretary(self) -> Person:
        return self.members[0]

    @property
    def pk(self) -> int:
        return self.unit.pk


@dataclass
class World:
    """The brigade, its general branch, and who sees to all branches."""

    brigade: Unit
    general: Branch
    office: Person
    general_secretary: Person
    political_officer: Person
    leader: Person


@contextmanager
def refused(match: str | None = None, kind: type[Refused] = Refused) -> Iterator[None]:
    """What is done inside is refused in these words and leaves nothing behind."""
    with pytest.raises(kind, match=match), transaction.atomic():
        yield


def world() -> World:
    brigade = unit("东昌府大队")
    office, leader = person(Role.PARTY_OFFICE, at=brigade), person(Role.BRIGADE_LEADER, at=brigade)
    political = person(Role.POLITICAL_OFFICER, at=brigade)
    place = unit("大队党总支", parent=brigade, tree=Tree.PARTY, kind=UnitKind.GENERAL_BRANCH)
    row = PartyBranch.objects.create(unit=place, kind=BranchKind.GENERAL, established_on=LONG_AGO)
    secretary = person(Role.GENERAL_SECRETARY, at=brigade)
    people = [secretary, *(person(at=brigade) for _n in range(4))]
    seat(row, people)
    recorder = person(Role.RECORDER, at=brigade)
    grant(secretary, Role.GENERAL_SECRETARY, place)
    return World(brigade, Branch(place, row, people, recorder), office, secretary, political, leader)


def branch(
    where: World,
    name: str = "城区一中队党支部",
    *,
    full: int = 12,
    probationary: int = 0,
    committee: bool = True,
    groups: int = 0,
    since: date = LONG_AGO,
) -> Branch:
    """A branch under the general branch; members of several groups are spread over them in turn."""
    place = unit(name, parent=where.general.unit, tree=Tree.PARTY, kind=UnitKind.PARTY_BRANCH, opened_on=since)
    row = PartyBranch.objects.create(unit=place, kind=BranchKind.BRANCH, established_on=since)
    made = [PartyGroup.objects.create(branch=row, name=f"第{n + 1}党小组", start_on=since) for n in range(groups)]
    people = [member(row, since=since, group=made[n % groups] if groups else None).person for n in range(full)]
    admitted = {"status": MemberStatus.PROBATIONARY, "admitted_on": date(2026, 1, 10)}
    people += [member(row, since=since, **admitted).person for _n in range(probationary)]
    seat(row, people[:5] if committee else people[:1])
    grant(people[0], Role.BRANCH_SECRETARY, place)
    recorder = people[-1]
    grant(recorder, Role.RECORDER, place)
    return Branch(place, row, people, recorder, made)


def member(
    row: PartyBranch,
    *,
    status: str = MemberStatus.FULL,
    since: date = LONG_AGO,
    group: PartyGroup | None = None,
    **fields: Any,
) -> PartyMember:
    confirmed_on = LONG_AGO if status == MemberStatus.FULL else None
    values = {"admitted_on": LONG_AGO, "confirmed_on": confirmed_on} | fields
    made = PartyMember.objects.create(person=person(), status=status, **values)
    Membership.objects.create(member=made, branch=row, group=group, start_on=since, source=JoinedBy.ESTABLISHED)
    return made


def transferred(where: World, somebody: Person, to: Branch, on: date, *, issued: date | None = None) -> Transfer:
    """Somebody who went to another branch by letter, accepted on the day; issued on that day if not before."""
    now = moment(on)
    letter = branches.issue_transfer(
        by=where.office,
        member=PartyMember.objects.get(person=somebody),
        to_branch=to.row,
        letter_no="组转〔2026〕1号",
        issued_on=issued or on,
        now=now,
    )
    letter = branches.send_transfer(by=where.office, transfer=letter, now=now)
    return branches.accept_transfer(by=to.secretary, transfer=letter, accepted_on=on, now=now)


def seat(row: PartyBranch, people: list[Person], since: date = LONG_AGO) -> None:
    for role, somebody in zip(SEATS, people, strict=False):
        CommitteeSeat.objects.create(branch=row, person=somebody, role=role, start_on=since)


def moment(day: date | str, clock: str = "15:00") -> datetime:
    return at(date.fromisoformat(day) if isinstance(day, str) else day, time.fromisoformat(clock))


def span(kind: str, day: str, start: str = "15:00", end: str = "16:00", **fields: Any) -> Span:
    return Span(kind, moment(day, start), moment(day, end), **fields)


def sheet(
    where: Branch, day: str, *kinds: str, start: str = "15:00", end: str = "16:00", absent: int = 0, **fields: Any
) -> Sheet:
    """A meeting of the whole branch, chaired by the secretary; a lesson is his; the last `absent` but one are away."""
    spans = fields.pop("spans", None) or tuple(
        span(kind, day, start, end, lecturer_id=where.secretary.pk if kind == "PL" else None) for kind in kinds
    )
    away = where.members[1 : 1 + absent]
    values = {
        "unit_id": where.pk,
        "title": "",
        "starts_at": moment(day, start),
        "ends_at": moment(day, end),
        "spans": spans,
        "place": "会议室",
        "chair_id": where.secretary.pk,
        "recorder_id": where.recorder.pk,
        "marks": tuple(Mark(somebody.pk, "absent", "未到") for somebody in away),
    }
    return Sheet(**(values | fields))


def recorded(where: Branch, day: str, *kinds: str, now: datetime | None = None, **fields: Any) -> Meeting:
    return actions.record_meeting(
        by=where.recorder, sheet=sheet(where, day, *kinds, **fields), now=now or moment(day, "17:30")
    )


def held(where: Branch, day: str, *kinds: str, confirmed: str = "", **fields: Any) -> Meeting:
    """A meeting that was recorded and confirmed, by default on the evening of its day."""
    meeting = recorded(where, day, *kinds, **fields)
    return actions.confirm_meeting(by=where.secretary, meeting=meeting, now=moment(confirmed or day, "18:00"))
