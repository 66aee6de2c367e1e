"""Fills an empty database with the demo world: a synthetic year of one brigade."""

from datetime import time
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from brigade.audit.actions import SYSTEM, seal_due
from brigade.indicators.actions import rebuild
from brigade.kit.clocks import add_workdays, at
from brigade.obligations.actions import send_digest
from brigade.org.actions.accounts import keep_first_password
from brigade.org.models import Person
from brigade.reference.queries import calendar
from brigade.workbench.demo import changes, hazards, party, places, reports, tasks, window, world
from brigade.workbench.demo.world import ACCOUNTS
from brigade.workflow import settle


class DemoAccount(NamedTuple):
    """A line of the table that `make run` prints."""

    police_no: str
    name: str
    role: str
    unit: str


def accounts() -> list[DemoAccount]:
    """The accounts whose password is DEMO_PASSWORD, as long as they are in the database."""
    there = set(Person.objects.filter(is_synthetic=True).values_list("police_no", flat=True))
    return [
        DemoAccount(
            account.police_no,
            account.name,
            "、".join(dict.fromkeys(str(role.label) for role, _at in account.roles)),
            account.title,
        )
        for account in ACCOUNTS
        if account.police_no in there
    ]


class Command(BaseCommand):
    help = __doc__

    @transaction.atomic  # whole or not at all: a start that is killed in the middle finds an empty database again
    def handle(self, *args: Any, **options: Any) -> None:
        if Person.objects.exists():
            raise CommandError("The database is not empty; the demo world goes into an empty one only.")
        now = timezone.localtime()
        made = world.build(now)
        places.build(made)
        changes.build(made)
        party.build(made)
        window.build(made)
        hazards.build(made)
        tasks.build(made)
        _let_in(made)
        settle(now=now)
        rebuild(now=now)  # what the drains would make of the marks, in a tenth of the time
        reports.build(made, now)
        morning = add_workdays(
            now.date(), 0 if calendar().is_workday(now.date()) and now.hour > 8 else -1, calendar()
        ).date
        send_digest(now=at(morning, time(8, 30)))
        seal_due(now=now)


def _let_in(made: world.World) -> None:
    """One password for all of them, so one hash will do: hashing takes its time on purpose."""
    hashed = make_password(settings.DEMO_PASSWORD)
    people = [made.people[account.police_no] for account in ACCOUNTS]
    for person in people:
        keep_first_password(by=SYSTEM, person=person, hashed=hashed)
    Person.objects.filter(pk__in=[person.pk for person in people]).update(must_change_password=False)
