"""A brigade's Party organisations come in from one sheet, and go back as long as nobody belongs to them."""

from datetime import date

import pytest
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.ledgers.states import ImportState
from brigade.obligations.actions import reconcile
from brigade.org.models import Unit
from brigade.org.states import Role, Tree, UnitKind
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.branches.states import BranchKind
from tests.brigade.ledgers.books import into, work
from tests.brigade.org.factories import person, unit
from tests.partybuilding.factories import member

URL = "/party/branches/"
HEAD = ["序号", "党组织名称", "上级党组织", "成立时间", "党小组", "特色"]
upload, bring_in = into(URL, HEAD)
LINES = [
    [1, "中共东昌府大队城区一中队支部委员会", None, "2019.7.1", "第一党小组、第二党小组", "红色护航"],
    [2, "中共东昌府大队总支部委员会", None, "2018年7月1日", None, None],
    [3, "中共东昌府大队机关联合党支部", "中共东昌府大队总支部委员会", 43647, None, None],
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def brigade():
    return unit("东昌府大队", code="DD", opened_on=date(2015, 1, 1))


@pytest.fixture
def office(client, brigade):
    who = person(Role.PARTY_OFFICE, at=brigade)
    client.force_login(who)
    return who


def undo(client, run):
    return client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "导错了表"})


def said(client, run):
    return client.get(f"{URL}?import={run.pk}").text


def test_a_brigade_begins_with_a_general_branch_its_branches_and_their_groups(client, office, brigade):
    assert "用平时的支部台账导入" in client.get(URL).text
    run = bring_in(client, LINES)
    assert (run.state, run.counts["new"]) == (ImportState.DONE, 3), (run.error, run.preview)
    general = PartyBranch.objects.get(kind=BranchKind.GENERAL)
    assert (general.unit.parent, general.unit.kind) == (brigade, UnitKind.GENERAL_BRANCH)
    squadron = PartyBranch.objects.get(kind=BranchKind.BRANCH)
    assert (squadron.unit.parent, squadron.unit.short_name) == (general.unit, "东昌府大队城区一中队党支部")
    assert (squadron.established_on, squadron.unit.opened_on, squadron.feature) == (
        date(2019, 7, 1),
        date(2019, 7, 1),
        "红色护航",
    )
    assert set(squadron.groups.values_list("name", flat=True)) == {"第一党小组", "第二党小组"}
    assert PartyBranch.objects.get(kind=BranchKind.JOINT).established_on == date(2019, 7, 1)
    assert len(set(Unit.objects.values_list("code", flat=True))) == 4
    assert general.unit.code.startswith("DD-") and squadron.unit.code.startswith(f"{general.unit.code}-")
    assert AuditEvent.objects.filter(verb="branch.founded", actor_id=office.pk).count() == 3
    assert "东昌府大队城区一中队党支部" in client.get(URL).text
    again = upload(client, LINES)
    assert again.counts == {"total": 3, "new": 0, "known": 3, "faulty": 0}


def test_a_branch_hangs_below_the_only_general_branch_or_says_which(client, office, brigade):
    bring_in(client, LINES[1:2])
    second = [4, "中共东昌府大队城北支部委员会", None, "2020-1-1", None, None]
    assert bring_in(client, [second]).state == ImportState.DONE
    assert PartyBranch.objects.get(unit__name__contains="城北").unit.parent.kind == UnitKind.GENERAL_BRANCH
    other = [1, "中共东昌府大队第二总支部委员会", None, "2020-1-1", None, None]
    run = upload(client, [other, [2, "中共东昌府大队城南支部委员会", None, "2020-1-1", None, None]])
    assert run.counts["faulty"] == 1 and "写明上级是哪个" in said(client, run)
    run = upload(client, [[2, "中共东昌府大队城南支部委员会", "中共东昌府大队城北支部委员会", "2020-1-1", None, None]])
    assert "之下不设党组织" in said(client, run)


def test_days_groups_and_codes_are_looked_at(client, office, brigade):
    head = [*HEAD, "代码"]
    lines = [
        [*LINES[1], "DZ"],
        [*LINES[0][:4], "3", None, "DD"],
        [*LINES[2][:3], "2017.7.1", None, None, None],
        [3, "中共东昌府大队城东支部委员会", None, f"{timezone.localdate().year + 1}.7.1", "甲、甲", None, None],
    ]
    run = upload(client, lines, head)
    page = said(client, run)
    for sentence in ("代码DD是", "早于上级的成立日期2018-07-01", "写党小组的名称", "日期还没有到", "有两个党小组同名"):
        assert sentence in page
    assert run.counts == {"total": 4, "new": 1, "known": 0, "faulty": 3}


def test_what_differs_from_a_branch_that_stands_is_a_fault(client, office):
    bring_in(client, LINES)
    run = upload(client, [[*LINES[0][:3], "2019.7.2", *LINES[0][4:]]])
    assert "已经成立，成立日期不同；更正请到支部页" in said(client, run)


def test_a_unit_of_the_party_tree_that_is_no_branch_yet_becomes_one(client, office, brigade):
    place = unit(LINES[1][1], parent=brigade, tree=Tree.PARTY, kind=UnitKind.GENERAL_BRANCH, opened_on=date(2018, 7, 1))
    assert bring_in(client, LINES).state == ImportState.DONE
    assert PartyBranch.objects.get(kind=BranchKind.GENERAL).pk == place.pk
    assert PartyBranch.objects.get(kind=BranchKind.BRANCH).unit.parent == place


def test_unused_branches_go_back_even_after_a_night_and_come_again(client, office):
    run = bring_in(client, LINES)
    reconcile(now=timezone.now())
    undo(client, run)
    assert work(run).state == ImportState.UNDONE, run.error
    assert not PartyBranch.objects.active_on(timezone.localdate()).exists()
    assert not Unit.objects.filter(tree=Tree.PARTY, closed_on=None).exists()
    again = bring_in(client, [[*LINES[0][:4], "第一党小组", "换了特色"], *LINES[1:]])
    assert again.state == ImportState.DONE, again.error
    branch = PartyBranch.objects.get(kind=BranchKind.BRANCH)
    assert (branch.dissolved_on, branch.unit.closed_on, branch.feature) == (None, None, "换了特色")
    assert PartyGroup.objects.on(timezone.localdate()).get().name == "第一党小组"
    assert PartyBranch.objects.count() == 3


def test_a_branch_with_a_member_keeps_all(client, office):
    run = bring_in(client, LINES)
    member(PartyBranch.objects.get(kind=BranchKind.BRANCH), since=date(2020, 1, 1))
    answer = undo(client, run)
    assert answer.status_code == 422
    assert "已经在用，不能整批撤销：东昌府大队城区一中队党支部" in answer.text


def test_a_secretary_does_not_found_branches(client, brigade):
    client.force_login(person(Role.BRANCH_SECRETARY, at=brigade))
    assert client.get(f"{URL}?import=new").status_code == 403
    assert "?import=new" not in client.get(URL).text
