"""The duty roster: who leads the shift."""

from datetime import date

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed, Refused
from brigade.org import actions
from brigade.org.models import DutyTurn
from brigade.org.queries import duty_leader
from brigade.org.states import Role
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def brigade():
    return unit("大队")


def arrange(by, brigade, *leaders, start=date(2026, 11, 1), end=date(2026, 11, 5)):
    return actions.arrange_duty(by=by, unit=brigade, start=start, end=end, leaders=list(leaders))


def test_leaders_take_turns_a_day_each(brigade):
    clerk, first, second = person(Role.CLERK, at=brigade), person(at=brigade), person(at=brigade)
    arrange(clerk, brigade, first, second)
    turns = DutyTurn.objects.order_by("day").values_list("person", flat=True)
    assert list(turns) == [first.pk, second.pk, first.pk, second.pk, first.pk]


def test_a_new_arrangement_replaces_the_old_one_and_the_audit_keeps_both(brigade):
    clerk, first, second = person(Role.CLERK, at=brigade), person(at=brigade), person(at=brigade)
    arrange(clerk, brigade, first)
    arrange(clerk, brigade, second, start=date(2026, 11, 3), end=date(2026, 11, 3))
    assert DutyTurn.objects.count() == 5
    changes = AuditEvent.objects.filter(verb="duty.arranged").latest("pk").changes
    assert changes == {"2026-11-03": [first.name, second.name]}


def test_a_squadron_without_a_roster_sees_the_leader_of_the_brigade(brigade):
    clerk, leader = person(Role.CLERK, at=brigade), person(at=brigade)
    squadron = unit(parent=brigade)
    arrange(clerk, brigade, leader)
    assert duty_leader(squadron.path, date(2026, 11, 2)) == leader
    assert duty_leader(squadron.path, date(2026, 12, 2)) is None


def test_an_officer_cannot_arrange_it(brigade):
    officer = person(Role.OFFICER, at=brigade)
    with pytest.raises(NotAllowed):
        arrange(officer, brigade, officer)


@pytest.mark.parametrize(
    ("end", "sentence"), [(date(2026, 10, 1), "止日不能早于起日。"), (date(2028, 1, 1), "一次最多排一年。")]
)
def test_days_that_cannot_be_are_refused(brigade, end, sentence):
    clerk = person(Role.CLERK, at=brigade)
    with pytest.raises(Refused, match=sentence):
        arrange(clerk, brigade, clerk, end=end)
