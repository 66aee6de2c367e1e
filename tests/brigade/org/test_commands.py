"""What is done at the server's console: the beginning of an installation, and passwords of administrators."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from brigade.org.models import Person, Unit
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db
THREE = ["--system=010101:管理甲", "--security=010102:安全乙", "--audit=010103:审计丙"]


def run(*args):
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_an_empty_installation_begins_with_three_separate_administrators():
    lines = [line.split() for line in run("found_brigade", "DCF", "东昌府大队", *THREE).splitlines()]
    assert Unit.objects.get().name == "东昌府大队"
    for word, number, password in lines:
        one = Person.objects.get(police_no=number)
        assert one.check_password(password) and one.must_change_password
        assert [grant.get_role_display() for grant in one.grants.all()] == [word]


def test_it_begins_only_once_and_all_or_nothing():
    with pytest.raises(CommandError, match="已登记过"):
        run("found_brigade", "DCF", "东昌府大队", *THREE[:2], "--audit=010101:审计丙")
    assert not Unit.objects.exists()
    run("found_brigade", "DCF", "东昌府大队", *THREE)
    with pytest.raises(CommandError, match="已经有单位"):
        run("found_brigade", "DCG", "另一个大队", *THREE)


def test_an_administrator_without_a_name_is_refused():
    with pytest.raises(CommandError, match="警号:姓名"):
        run("found_brigade", "DCF", "东昌府大队", *THREE[:2], "--audit=010103")


def test_the_console_gives_an_administrator_a_new_password():
    keeper = person("security_admin", at=unit(), police_no="D10002")
    given = run("reset_password", "d10002").strip()
    keeper.refresh_from_db()
    assert keeper.check_password(given)
    with pytest.raises(CommandError, match="没有警号999999"):
        run("reset_password", "999999")
