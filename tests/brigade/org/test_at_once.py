"""What several people do in the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from brigade.kit.refusals import Refused
from brigade.org import actions
from brigade.org.models import Grant
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
