"""What several people do in the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from brigade.kit.refusals import Refused
from brigade.org import actions
from brigade.org.models import Departure, Grant, UnitChange
from brigade.org.states import ADMIN_ROLES
from tests.brigade.org.factories import PASSWORD, person, unit

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(call, arguments):
    """What each of the calls gave or was refused with, all of them begun together."""

    def one(argument):
        try:
            return call(argument)
        except Refused as refusal:
            return str(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(one, arguments))


def test_eight_guesses_at_once_are_five_guesses():
    person("officer", at=unit(), police_no="037101", password=PASSWORD)
    now = timezone.now()

    def guess(word):
        return actions.sign_in(police_no="037101", password=word, address="10.1.1.7", now=now)

    said = at_once(guess, [f"guess-{n}" for n in range(8)])
    assert sum("还可试" in sentence for sentence in said) == 4
    assert sum("账号已锁定" in sentence for sentence in said) == 3


def test_two_administrator_roles_given_at_once_are_one():
    brigade = unit()
    keepers = [person("security_admin", at=brigade) for _role in ADMIN_ROLES]
    new, today = person(at=brigade), timezone.localdate()

    def give(pair):
        keeper, role = pair
        return actions.grant_role(by=keeper, person=new, role=role, unit=brigade, starts_on=today)

    at_once(give, list(zip(keepers, sorted(ADMIN_ROLES), strict=True)))
    assert Grant.objects.filter(person=new).count() == 1


def test_two_plans_for_one_unit_at_once_are_one_and_a_sentence():
    brigade = unit()
    keeper = person("system_admin", at=brigade)
    first, *others = [unit(f"{word}中队", parent=brigade) for word in ("一", "二", "三")]

    def plan(into):
        return actions.plan_change(
            by=keeper,
            kind="merge",
            unit=first,
            into=into,
            since=timezone.localdate(),
            reason="文件",
            now=timezone.now(),
        )

    said = at_once(plan, others)
    assert UnitChange.objects.count() == 1
    assert any("已有一项机构调整没有完成" in str(one) for one in said)


def test_two_units_planned_into_each_other_at_once_are_one_plan_and_a_sentence():
    brigade = unit()
    keeper = person("system_admin", at=brigade)
    first, second = [unit(f"{word}中队", parent=brigade) for word in ("一", "二")]

    def plan(pair):
        return actions.plan_change(
            by=keeper,
            kind="merge",
            unit=pair[0],
            into=pair[1],
            since=timezone.localdate(),
            reason="文件",
            now=timezone.now(),
        )

    said = at_once(plan, [(first, second), (second, first)])
    assert UnitChange.objects.count() == 1
    assert any("自己也要并入别的单位" in str(one) for one in said)


def test_two_units_moved_below_each_other_at_once_are_one_move_and_a_sentence():
    brigade, today = unit(), timezone.localdate()
    keeper = person("system_admin", at=brigade)

    def move(pair):
        return actions.move_unit(by=keeper, unit=pair[0], parent=pair[1], since=today)

    for _attempt in range(5):
        first, second = [unit(parent=brigade) for _n in range(2)]
        said = at_once(move, [(first, second), (second, first)])
        assert sum("自己的下级" in str(one) for one in said) == 1, said


def test_a_person_handed_over_in_two_windows_at_once_leaves_once():
    brigade = unit()
    leader, leaver = person("brigade_leader", at=brigade), person(at=brigade)

    def hand(reason):
        day = timezone.localdate() + timedelta(30)
        return actions.hand_over(by=leader, person=leaver, heirs={}, leaves_on=day, reason=reason)

    said = at_once(hand, ["调离", "退休"])
    assert {one.pk for one in said} == {Departure.objects.get().pk}, "the later plan takes the place of the earlier"
