"""Secondment: a post and roles elsewhere that end by themselves, and those at home that come back by themselves."""

from datetime import date

import pytest

from brigade.kit.refusals import NotAllowed, Refused
from brigade.org import actions, queries
from brigade.org.models import Person, Secondment
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db
FROM, UNTIL = date(2026, 12, 1), date(2027, 3, 1)


@pytest.fixture(autouse=True)
def morning(time_machine):
    time_machine.move_to("2026-11-23 09:00 +0800")


@pytest.fixture
def home(brigade):
    return unit("一中队", parent=brigade)


@pytest.fixture
def there(brigade):
    return unit("事故中队", parent=brigade)


@pytest.fixture
def officer(home):
    return person("officer", "clerk", at=home, name="曾伟")


@pytest.fixture
def send(system_admin, officer, there):
    def sent(**changes):
        asked = {"unit": there, "starts_on": FROM, "ends_on": UNTIL, "roles": ["officer"]} | changes
        return actions.second_person(by=system_admin, person=officer, **asked)

    return sent


def seen(who):
    who = Person.objects.get(pk=who.pk)
    return who.unit.name, {(unit_id, role) for unit_id, role in who.posts}


def test_post_and_roles_change_on_the_days_without_anybody_doing_anything(
    send, security_admin, officer, home, there, time_machine
):
    actions.settle_secondment(by=security_admin, secondment=send())
    assert seen(officer) == ("一中队", {(home.pk, "officer"), (home.pk, "clerk")})
    time_machine.move_to("2026-12-01 00:01 +0800")
    assert seen(officer) == ("事故中队", {(there.pk, "officer")})
    time_machine.move_to("2027-02-28 23:59 +0800")
    assert seen(officer) == ("事故中队", {(there.pk, "officer")})
    time_machine.move_to("2027-03-01 00:01 +0800")
    assert seen(officer) == ("一中队", {(home.pk, "officer"), (home.pk, "clerk")})


def test_who_keeps_his_roles_at_home_has_both(send, security_admin, officer, home, there, time_machine):
    actions.settle_secondment(by=security_admin, secondment=send(keeps_home=True))
    time_machine.move_to("2026-12-15 09:00 +0800")
    assert seen(officer)[1] == {(home.pk, "officer"), (home.pk, "clerk"), (there.pk, "officer")}


def test_both_units_show_him_on_each_date(send, officer, home, there):
    send()
    for day, away, guests in ((date(2026, 11, 30), 0, 0), (FROM, 1, 1), (UNTIL, 0, 0)):
        assert len(queries.away([officer.pk], home.pk, day)) == away
        assert len(queries.guests_of(there.pk, day)) == guests
        assert officer in queries.people_of(home.pk, day)
        assert (officer in queries.people_of(there.pk, day)) == bool(guests)


def test_without_the_security_administrator_he_works_there_and_sees_nothing_new(send, officer, home, time_machine):
    send()
    time_machine.move_to("2026-12-15 09:00 +0800")
    assert seen(officer) == ("事故中队", {(home.pk, "officer"), (home.pk, "clerk")})


def test_two_people_give_and_each_only_his_part(send, system_admin, security_admin, officer, there):
    with pytest.raises(NotAllowed):
        actions.second_person(by=security_admin, person=officer, unit=there, starts_on=FROM, ends_on=UNTIL)
    made = send()
    with pytest.raises(NotAllowed):
        actions.settle_secondment(by=system_admin, secondment=made)
    actions.settle_secondment(by=security_admin, secondment=made)
    with pytest.raises(Refused, match="已由"):
        actions.settle_secondment(by=security_admin, secondment=made)


def test_back_earlier_everything_moves_to_that_day(send, system_admin, security_admin, officer, home, time_machine):
    made = actions.settle_secondment(by=security_admin, secondment=send())
    time_machine.move_to("2026-12-20 09:00 +0800")
    actions.end_secondment(by=system_admin, secondment=made, ends_on=date(2026, 12, 20))
    assert seen(officer) == ("一中队", {(home.pk, "officer"), (home.pk, "clerk")})
    with pytest.raises(Refused, match="已经结束"):
        actions.end_secondment(by=system_admin, secondment=made, ends_on=date(2026, 12, 21))


def test_a_secondment_that_is_put_off_before_it_begins_leaves_no_trace_in_rights(
    send, system_admin, security_admin, officer, home, time_machine
):
    made = actions.settle_secondment(by=security_admin, secondment=send())
    actions.end_secondment(by=system_admin, secondment=made, ends_on=FROM)
    time_machine.move_to("2026-12-15 09:00 +0800")
    assert seen(officer) == ("一中队", {(home.pk, "officer"), (home.pk, "clerk")})


def test_a_transfer_meanwhile_ends_the_post_at_home_and_not_the_secondment(
    send, system_admin, officer, brigade, there, time_machine
):
    send()
    time_machine.move_to("2026-12-15 09:00 +0800")
    office = unit("办公室", parent=brigade)
    actions.post_person(by=system_admin, person=officer, unit=office, starts_on=date(2026, 12, 15))
    assert seen(officer)[0] == "事故中队"
    time_machine.move_to("2027-03-02 09:00 +0800")
    assert seen(officer)[0] == "办公室"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends_on": FROM}, "止日要晚于起日"),
        ({"starts_on": date(2026, 11, 22)}, "今天或以后"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(send, changes, words):
    with pytest.raises(Refused, match=words):
        send(**changes)


def test_home_is_no_place_to_be_seconded_to_and_nobody_is_in_two(send, home):
    with pytest.raises(Refused, match="本来就在"):
        send(unit=home)
    send()
    with pytest.raises(Refused, match="已有借调"):
        send(starts_on=date(2027, 2, 1), ends_on=date(2027, 6, 1))
    assert Secondment.objects.count() == 1


def test_who_has_no_post_to_come_back_to_is_not_seconded(send, officer):
    officer.postings.update(ends_on=date(2027, 1, 1))
    with pytest.raises(Refused, match="回来无处可回"):
        send()


def test_an_administrator_is_not_seconded(system_admin, security_admin, there):
    with pytest.raises(Refused, match="是管理员"):
        actions.second_person(by=system_admin, person=security_admin, unit=there, starts_on=FROM, ends_on=UNTIL)
