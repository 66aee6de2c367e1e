"""Which role may do what: `permissions.csv` is kept by hand, for an official to read; the code must agree with it."""

import csv
from pathlib import Path

import pytest

from brigade.org.states import ADMIN_ROLES, PERMISSIONS, Role

TABLE = Path(__file__).with_name("permissions.csv")
EVERYBODY = "all"
WITHOUT_BUSINESS_DATA = (
    "org.",
    "audit.",
    "obligations.have_obligation",
    "notices.follow_message",
    "notices.receive_announcement",
)


def declared():
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["permission"] for row in rows}) == len(rows), "a permission stands in the table twice"
    return {row["permission"]: roles(row["roles"]) for row in rows}


def roles(text):
    return frozenset(Role.values) if text == EVERYBODY else frozenset(text.split())


def test_the_table_names_every_permission_of_the_code_and_no_other():
    assert sorted(declared()) == sorted(PERMISSIONS)


@pytest.mark.parametrize("permission", sorted(declared()))
def test_the_roles_of_a_permission_are_those_of_the_table(permission):
    assert sorted(PERMISSIONS[permission]) == sorted(declared()[permission])


def test_the_table_names_only_roles_that_exist():
    assert frozenset().union(*declared().values()) <= set(Role.values)


@pytest.mark.parametrize("role", sorted(ADMIN_ROLES))
def test_an_administrator_sees_no_business_data(role):
    held = [permission for permission, given in PERMISSIONS.items() if role in given]
    assert all(permission.startswith(WITHOUT_BUSINESS_DATA) for permission in held), held


def test_the_three_administrators_share_no_power():
    powers = ["org.change_unit", "org.change_person", "org.change_grant", "audit.view_auditevent"]
    for permission in powers:
        assert len(PERMISSIONS[permission] & ADMIN_ROLES) == 1
        assert PERMISSIONS[permission] <= ADMIN_ROLES
