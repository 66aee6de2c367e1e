"""The roll of members comes in from the Party office's own sheet, and goes back as long as nobody met anywhere."""

from datetime import date

import pytest
from django.utils import timezone

from brigade.ledgers.states import ImportState
from partybuilding.branches.models import Membership, PartyMember
from partybuilding.branches.queries import structure
from partybuilding.meetings import actions
from tests.brigade.ledgers.books import into, work
from tests.brigade.org.factories import person
from tests.partybuilding.factories import branch, sheet, world

URL = "/party/members/"
HEAD = ["姓名", "警号", "所属支部", "入党日期", "转正日期", "编入支部日期"]
upload, bring_in = into(URL, HEAD)
pytestmark = pytest.mark.django_db


@pytest.fixture
def party(client):
    made = world()
    client.force_login(made.office)
    return made


@pytest.fixture
def home(party):
    return branch(party, full=3)


@pytest.fixture
def lines(party, home):
    people = [person(at=party.brigade, name=f"新党员{n}") for n in range(3)]
    rows = [[one.name, one.police_no, home.unit.name, "2010.7.1", "2011年7月1日", "2021-3-1"] for one in people]
    rows[2][4] = None
    rows[2][3] = "2026-6-1"
    return rows


def test_members_come_in_full_or_probationary_by_their_days(client, party, home, lines):
    run = bring_in(client, lines)
    assert (run.state, run.counts["new"]) == (ImportState.DONE, 3), run.error
    assert list(PartyMember.objects.filter(pk__in=run.rows).order_by("pk").values_list("status", flat=True)) == [
        "full",
        "full",
        "probationary",
    ]
    assert structure([home.pk]).full_count(home.pk, timezone.localdate()) == 5


def test_who_is_entered_already_is_skipped_and_another_branch_is_a_transfer(client, party, home, lines):
    bring_in(client, lines)
    other = branch(party, "农村一中队党支部", full=1)
    lines[0][2] = other.unit.name
    lines[1][1] = home.members[0].police_no
    run = upload(client, lines)
    page = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts == {"total": 3, "new": 0, "known": 1, "faulty": 2}
    assert "换支部请办理转接" in page
    assert f"警号{home.members[0].police_no}是{home.members[0].name}" in page


def test_days_that_cannot_be_are_faults_of_their_cells(client, party, home, lines):
    lines[0][3], lines[1][5] = "2012-1-1", "2999-1-1"
    lines[2][3] = None
    run = upload(client, lines)
    page = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts["faulty"] == 3
    for sentence in ("早于接收为预备党员日期", "预备党员要写明接收日期"):
        assert sentence in page


def test_members_are_taken_back_count_on_no_day_and_come_again(client, party, home, lines):
    run = bring_in(client, lines)
    client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "支部填错"})
    work()
    run.refresh_from_db()
    assert run.state == ImportState.UNDONE, run.error
    for day in (date(2021, 3, 1), timezone.localdate()):
        assert structure([home.pk]).full_count(home.pk, day) <= 3
    again = bring_in(client, lines)
    assert (again.state, set(again.rows)) == (ImportState.DONE, set(run.rows))
    assert Membership.objects.filter(member__in=run.rows, end_on=None).count() == 3


def test_a_member_who_was_at_a_meeting_keeps_the_import(client, party, home, lines):
    run = bring_in(client, lines)
    actions.record_meeting(by=home.recorder, sheet=sheet(home, "2026-06-26", "TD"), now=timezone.now())
    answer = client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "支部填错"})
    assert answer.status_code == 422
    assert "（到会）" in answer.content.decode()
