"""A brigade with two squadrons and figures for tests of reports: `figures(world, "hazards.registered", …)`."""

import os
import signal
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models.signals import pre_save
from django.utils import timezone

from brigade.indicators.models import Figure
from brigade.org.models import Person, Unit
from brigade.org.states import Role
from brigade.reference.actions import load_reference
from brigade.reference.queries import kept_calendar, kept_parameters
from brigade.reports import actions
from brigade.reports.models import Report, Snapshot
from tests.brigade.org.factories import person, unit

NOW = "2026-11-23T06:00"
"""A Monday; the week before it is 2026-W47."""


@dataclass
class World:
    brigade: Unit
    first: Unit
    second: Unit
    leader: Person
    deputy: Person
    clerk: Person
    officer: Person


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def world() -> World:
    load_reference()
    kept_calendar.drop()
    kept_parameters.drop()
    brigade = unit("东区大队", code="DD")
    first, second = unit("城区一中队", parent=brigade), unit("城区二中队", parent=brigade, order=1)
    return World(
        brigade=brigade,
        first=first,
        second=second,
        leader=person(Role.BRIGADE_LEADER, at=brigade, name="秦志刚"),
        deputy=person(Role.DEPUTY_LEADER, at=brigade, name="何立军"),
        clerk=person(Role.CLERK, at=brigade, name="韩雪梅"),
        officer=person(Role.OFFICER, at=first, name="李明哲"),
    )


def figure(
    at_unit: Unit, day: str, value: float, base: float = 0, code: str = "hazards.registered", facet: str = ""
) -> Figure:
    return Figure.objects.create(
        indicator=code, unit=at_unit, day=date.fromisoformat(day), value=value, base=base, facet=facet
    )


def thirty_to_eighteen(made: World) -> None:
    """Hazards registered in the week: 18, and 30 on the same dates of last year; figures go back two years."""
    figure(made.first, "2024-10-01", 1)
    figure(made.first, "2026-11-17", 10)
    figure(made.second, "2026-11-22", 8)
    figure(made.first, "2025-11-16", 30)
    figure(made.first, "2026-11-10", 20)


def built(moment: str = NOW) -> str:
    return actions.build_due(now=at(moment))


def weekly() -> Report:
    return Report.objects.select_related("snapshot", "unit").get(series="weekly", period="2026-W47", state="draft")


def build_and_die(moment: str) -> None:
    """Make reports, and be killed when the first of them is written and what it says is not."""
    pre_save.connect(_die, sender=Snapshot, weak=False)
    built(moment)


def _die(**_sent: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
