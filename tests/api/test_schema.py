"""What the description promises the API keeps: whatever is sent, by whomever, no server error and no other shape."""

import random
from collections import Counter
from pathlib import Path

import pytest
import schemathesis
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from brigade.config.wsgi import application
from brigade.org.states import Role
from tests.brigade.org.factories import person

DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
PROMISES = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
EXAMPLES = 10
"""For each operation and role; the seed is fixed, so that a failure comes again."""


@pytest.fixture
def signed(client, town):
    """What a browser sends in which somebody with `roles` signed in."""

    def sign(*roles):
        client.force_login(person(*roles, at=town.brigade))
        token = "t" * 32
        cookies = {django_settings.SESSION_COOKIE_NAME: client.session.session_key, "csrftoken": token}
        return {"cookies": cookies, "headers": {"X-CSRFToken": token}}

    return sign


def operations():
    schema = schemathesis.openapi.from_path(DESCRIPTION)
    schema.app = application
    return [found.ok() for found in schema.get_all_operations()]


def aim(case, town, chance: random.Random) -> None:
    """Half of the time the keys are those of rows that exist: made-up ones only ever find out that nothing is there."""
    rows = {noun: row for noun, row, _move in town.endpoints}
    if chance.random() < 0.5:
        return
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = str(rows[case.path.split("/")[3]].pk)
    if isinstance(case.body, dict):
        real = {"unit": town.branch.pk, "meeting": str(town.announced.pk), "item": "PL01", "version": 2}
        real["unit"] = town.hall.hall.pk if "/requests/" in case.path else town.branch.pk
        case.body |= {name: value for name, value in real.items() if name in case.body}


ROLES = {"an ordinary officer": (Role.OFFICER,), "an administrator": (Role.SYSTEM_ADMIN,), "all roles": Role.values}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ROLES)
def test_every_operation_answers_as_described(town, signed, who):
    sent, chance = signed(*ROLES[who]), random.Random(1)
    met = Counter()
    for operation in operations():

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), _n=st.none())
        def ask(case, _n):
            aim(case, town, chance)
            met[case.call_and_validate(checks=PROMISES, **sent).status_code] += 1

        ask()
    assert met.total() > EXAMPLES * 10
    assert met[200]
