"""A brigade with a squadron, and the two administrators whom giving somebody access takes."""

import pytest

from tests.brigade.org.factories import person, unit


@pytest.fixture
def brigade(db):
    return unit("东昌府大队")


@pytest.fixture
def squadron(brigade):
    return unit("一中队", parent=brigade)


@pytest.fixture
def system_admin(brigade):
    return person("system_admin", at=brigade)


@pytest.fixture
def security_admin(brigade):
    return person("security_admin", at=brigade)
