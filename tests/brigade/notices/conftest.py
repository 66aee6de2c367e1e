from datetime import date

import pytest

from brigade.notices.rules import NOTICES
from brigade.org.models import Person, Unit
from brigade.org.states import Tree, UnitKind
from tests.brigade.notices.letters import LETTERS


@pytest.fixture(autouse=True)
def letters(monkeypatch, settings, tmp_path):
    for letter in LETTERS:
        monkeypatch.setitem(NOTICES, letter.code, letter)
    settings.OUTBOX_DIR = tmp_path


@pytest.fixture
def channels_on(settings):
    settings.EMAIL_CHANNEL = settings.SMS_CHANNEL = "file"


def make_people(number: int) -> list[Person]:
    return Person.objects.bulk_create(
        Person(police_no=f"3{index:05}", name=f"民警{index}", password="!") for index in range(number)
    )


@pytest.fixture
def people(db):
    return make_people(3)


@pytest.fixture
def unit(db):
    return Unit.objects.create(
        tree=Tree.LINE, kind=UnitKind.SQUADRON, code="one", name="一中队", short_name="一中队", path="1/",
        opened_on=date(2000, 1, 1),
    )  # fmt: skip
