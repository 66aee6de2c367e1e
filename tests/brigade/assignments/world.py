"""A brigade with two squadrons for tests of tasks: `handed_out(world, world.first)`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from brigade.assignments import actions
from brigade.assignments.models import Assignment
from brigade.kit.ids import new_id
from brigade.org.models import Person, Unit
from brigade.org.states import Role
from brigade.reference.actions import load_reference
from tests.brigade.org.factories import person, unit

NOW, DUE = "2026-11-20T10:00", date(2026, 11, 27)
"""A Friday, and the Friday after it."""


@dataclass
class World:
    brigade: Unit
    first: Unit
    second: Unit
    leader: Person
    deputy: Person
    head: Person
    other_head: Person
    clerk: Person
    officer: Person


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def world() -> World:
    load_reference()
    brigade = unit("东昌府大队")
    first, second = unit("城区一中队", parent=brigade), unit("城区二中队", parent=brigade, order=1)
    return World(
        brigade=brigade,
        first=first,
        second=second,
        leader=person(Role.BRIGADE_LEADER, at=brigade, name="秦志刚"),
        deputy=person(Role.DEPUTY_LEADER, at=brigade, name="何立军"),
        head=person(Role.SQUADRON_LEADER, at=first, name="周海峰"),
        other_head=person(Role.SQUADRON_LEADER, at=second, name="孙立"),
        clerk=person(Role.CLERK, at=first, name="赵敏"),
        officer=person(Role.OFFICER, at=first, name="李明哲"),
    )


def handed_out(made: World, *to: Unit | tuple[Unit, str], moment: str = NOW, **fields: Any) -> list[Assignment]:
    """A task of the deputy to whole units, or to (unit, role)."""
    posts = [one if isinstance(one, tuple) else (one, Role.SQUADRON_LEADER) for one in to]
    given = {"by": made.deputy, "batch": new_id(), "title": "许营镇三轮车建档", "due_on": DUE, "now": at(moment)}
    return actions.hand_out(to=posts, **(given | fields))


def task(made: World, **fields: Any) -> Assignment:
    [only] = handed_out(made, made.first, **fields)
    return only
