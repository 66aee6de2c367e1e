"""Units open, move and close; the tree of each day is kept."""

from datetime import date

import pytest

from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed, Refused
from brigade.org import actions
from brigade.org.forms import MoveUnitForm
from brigade.org.models import Unit, UnitPlacement
from brigade.org.queries import units_as_tree
from brigade.org.states import Tree, UnitKind
from tests.brigade.org.factories import LONG_AGO, grant, person, unit

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to("2026-11-22 09:00 +0800")


@pytest.fixture
def keeper(brigade):
    return person("system_admin", at=brigade)


KINDS = {Tree.LINE: UnitKind.SQUADRON, Tree.PARTY: UnitKind.PARTY_BRANCH, Tree.HALL: UnitKind.HALL}


def open_squadron(by, parent, tree=Tree.LINE, **fields):
    values = {"tree": tree, "kind": KINDS[tree], "code": "Z1", "opened_on": TODAY}
    values |= {"name": "第一中队", "short_name": "一中队"}
    return actions.open_unit(by=by, parent=parent, **(values | fields))


def test_a_unit_opens_below_its_parent_and_stands_there_from_that_day(brigade, keeper):
    squadron = open_squadron(keeper, brigade)
    assert squadron.path == f"{brigade.pk}/{squadron.pk}/"
    assert [row.path for row in UnitPlacement.objects.on(TODAY).filter(unit=squadron)] == [squadron.path]
    assert AuditEvent.objects.get(verb="unit.opened").target_title == "第一中队"


def test_only_the_set_up_opens_a_root(keeper):
    with pytest.raises(NotAllowed):
        open_squadron(keeper, None)
    assert open_squadron(SYSTEM, None).parent is None


def test_only_the_system_administrator_opens_units(brigade):
    with pytest.raises(NotAllowed):
        open_squadron(person("brigade_leader", at=brigade), brigade)


@pytest.mark.parametrize(("tree", "parent_tree", "fits"), [
    (Tree.PARTY, Tree.LINE, True),
    (Tree.PARTY, Tree.PARTY, True),
    (Tree.HALL, Tree.LINE, True),
    (Tree.LINE, Tree.PARTY, False),
    (Tree.HALL, Tree.PARTY, False),
])  # fmt: skip
def test_a_branch_or_hall_hangs_below_the_line_never_the_other_way_round(brigade, tree, parent_tree, fits):
    parent = brigade if parent_tree == Tree.LINE else unit(parent=brigade, tree=parent_tree)
    if fits:
        assert open_squadron(SYSTEM, parent, tree=tree).parent == parent
    else:
        with pytest.raises(Refused, match="不能设在"):
            open_squadron(SYSTEM, parent, tree=tree)


@pytest.mark.parametrize(("tree", "kind", "why"), [
    (Tree.PARTY, UnitKind.DETACHMENT, "“支队”的序列是“行政序列”"),
    (Tree.LINE, UnitKind.HALL, "“服务大厅”的序列是“服务大厅”"),
    (Tree.HALL, UnitKind.PARTY_BRANCH, "“党支部”的序列是“党组织”"),
])  # fmt: skip
def test_a_unit_is_of_a_kind_that_its_tree_has(brigade, keeper, tree, kind, why):
    with pytest.raises(Refused, match=why):
        open_squadron(keeper, brigade, tree=tree, kind=kind)


def test_a_code_is_used_once(brigade, keeper):
    open_squadron(keeper, brigade)
    with pytest.raises(Refused, match="已有单位在用"):
        open_squadron(keeper, brigade, name="第二中队")


def test_a_move_takes_everything_below_along_and_keeps_the_old_tree(brigade, keeper):
    office, squadron = unit("秩序科", parent=brigade), unit("一中队", parent=brigade)
    post = unit("铁塔岗", parent=squadron)
    actions.move_unit(by=keeper, unit=squadron, parent=office, since=date(2026, 11, 1))
    post.refresh_from_db()
    assert post.path == f"{brigade.pk}/{office.pk}/{squadron.pk}/{post.pk}/"
    stood = {row.starts_on: row.path for row in post.placements.all()}
    assert stood == {LONG_AGO: f"{brigade.pk}/{squadron.pk}/{post.pk}/", date(2026, 11, 1): post.path}
    assert UnitPlacement.objects.on(date(2026, 10, 31)).get(unit=post).path == stood[LONG_AGO]


def test_a_unit_that_was_opened_after_the_day_of_the_move_always_stood_in_the_new_place(brigade, keeper):
    office, squadron = unit(parent=brigade), unit(parent=brigade)
    young = unit(parent=squadron, opened_on=date(2026, 11, 10))
    actions.move_unit(by=keeper, unit=squadron, parent=office, since=date(2026, 11, 1))
    young.refresh_from_db()
    assert [row.path for row in young.placements.all()] == [young.path]


@pytest.mark.parametrize(("since", "sentence"), [
    (date(2026, 11, 23), "今天或以前"),
    (LONG_AGO, "要晚于这一天"),
])  # fmt: skip
def test_a_move_counts_from_a_day_that_makes_sense(brigade, keeper, since, sentence):
    squadron, office = unit(parent=brigade), unit(parent=brigade)
    with pytest.raises(Refused, match=sentence):
        actions.move_unit(by=keeper, unit=squadron, parent=office, since=since)


def test_a_unit_does_not_move_below_itself_or_to_where_it_stands(brigade, keeper):
    squadron = unit(parent=brigade)
    post = unit(parent=squadron)
    with pytest.raises(Refused, match="自己的下级"):
        actions.move_unit(by=keeper, unit=squadron, parent=post, since=TODAY)
    with pytest.raises(Refused, match="现在就在"):
        actions.move_unit(by=keeper, unit=squadron, parent=brigade, since=TODAY)


def test_rights_follow_the_new_place(brigade, keeper):
    office, squadron = unit(parent=brigade), unit(parent=brigade)
    leader = person("squadron_leader", at=office)
    assert squadron not in Unit.objects.visible_to(leader)
    actions.move_unit(by=keeper, unit=squadron, parent=office, since=TODAY)
    leader = type(leader).objects.get(pk=leader.pk)
    assert squadron in Unit.objects.visible_to(leader)


def test_an_empty_unit_closes_and_opens_to_nobody_afterwards(brigade, keeper):
    squadron, officer = unit(parent=brigade), person(at=brigade)
    actions.close_unit(by=keeper, unit=squadron, closed_on=TODAY)
    assert not Unit.objects.open_on(TODAY).filter(pk=squadron.pk).exists()
    with pytest.raises(Refused, match="撤销"):
        actions.post_person(by=keeper, person=officer, unit=squadron, starts_on=TODAY)
    with pytest.raises(Refused, match="撤销"):
        actions.close_unit(by=keeper, unit=squadron, closed_on=TODAY)


def test_a_unit_with_people_grants_or_units_in_it_stays_open(brigade, keeper):
    squadron = unit(parent=brigade)
    post = unit(parent=squadron)
    with pytest.raises(Refused, match="1个下级单位"):
        actions.close_unit(by=keeper, unit=squadron, closed_on=TODAY)
    officer = person(at=post)
    with pytest.raises(Refused, match="1人在此任职"):
        actions.close_unit(by=keeper, unit=post, closed_on=TODAY)
    actions.post_person(by=keeper, person=officer, unit=squadron, starts_on=TODAY)
    grant(officer, "clerk", post)
    with pytest.raises(Refused, match="1项角色"):
        actions.close_unit(by=keeper, unit=post, closed_on=TODAY)


def test_a_unit_closes_after_it_opened(brigade, keeper):
    squadron = unit(parent=brigade, opened_on=TODAY)
    with pytest.raises(Refused, match="晚于设立日期"):
        actions.close_unit(by=keeper, unit=squadron, closed_on=TODAY)


def test_the_tree_shows_what_the_user_reaches_each_unit_below_its_parent(brigade, keeper):
    second, first = unit("二中队", parent=brigade, order=2), unit("一中队", parent=brigade, order=1)
    post = unit("铁塔岗", parent=second)
    assert units_as_tree(keeper, TODAY) == [(0, brigade), (1, first), (1, second), (2, post)]
    keeper_form = MoveUnitForm()
    keeper_form.fields["parent"].reach(keeper, "org.change_unit")
    offered = [str(pk) for pk, _label in keeper_form.fields["parent"].choices]
    assert offered == ["", *(str(one.pk) for one in (brigade, first, second, post))]
    assert units_as_tree(person("clerk", at=second), TODAY) == [(0, second), (1, post)]


def test_a_new_unit_stands_after_its_sisters(brigade, keeper):
    unit("一中队", parent=brigade, order=1), unit("二中队", parent=brigade, order=7)
    new = actions.open_unit(
        by=keeper,
        parent=brigade,
        tree=Tree.LINE,
        kind=UnitKind.SQUADRON,
        code="CQ3",
        name="城区三中队",
        short_name="城区三中队",
        opened_on=TODAY,
    )
    assert units_as_tree(keeper, TODAY)[-1] == (1, new)
