"""Changes of units: planned by one administrator, agreed by another, carried out on the day."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from brigade.kit.refusals import NotAllowed, Refused
from brigade.ledgers.models import SavedView
from brigade.org import actions as org
from brigade.org import queries
from brigade.org.models import DutyTurn, Person, Unit, UnitChange
from brigade.reference.models import Town
from brigade.workbench import actions
from tests.brigade.org.factories import grant, person, unit

pytestmark = pytest.mark.django_db
TODAY, DAY = date(2026, 11, 23), date(2026, 12, 1)


@pytest.fixture(autouse=True)
def morning(time_machine):
    time_machine.move_to("2026-11-23 09:00 +0800")


@pytest.fixture
def first(brigade):
    return unit("农村一中队", parent=brigade)


@pytest.fixture
def second(brigade):
    return unit("农村二中队", parent=brigade)


@pytest.fixture
def towns(db):
    return [Town.objects.create(code=f"37150210{n}", name=name, kind="town") for n, name in enumerate(("沙镇", "堂邑"))]


@pytest.fixture
def plan(system_admin, first, second):
    def planned(**changes):
        asked = {"kind": "merge", "unit": first, "into": second, "since": DAY, "reason": "聊公交〔2026〕9号"} | changes
        return actions.plan_change(by=system_admin, now=timezone.now(), **asked)

    return planned


def carry_out(time_machine, moment="2026-12-01 00:10 +0800"):
    time_machine.move_to(moment)
    return actions.carry_out_changes(now=timezone.now())


def fresh(row):
    return type(row).objects.get(pk=row.pk)


class TestIntoAnother:
    def test_people_views_and_towns_go_along_and_the_unit_is_closed_below_the_other(
        self, plan, first, second, towns, system_admin, time_machine
    ):
        officer = person(at=first, name="曾伟")
        view = SavedView.objects.create(owner=officer, unit=first, listing="x:y", name="本月", query="q=1")
        for n in (0, 10):
            DutyTurn.objects.create(unit=first, day=TODAY + timedelta(days=n), person=officer)
        take(system_admin, first, towns, time_machine)
        change = plan()
        assert change.state == "ready", "no roles go along, so nobody has to agree"
        carry_out(time_machine)
        old = fresh(first)
        assert (old.closed_on, old.parent, old.path) == (DAY, second, f"{second.path}{first.pk}/")
        assert fresh(officer).unit == second and officer.postings.count() == 2
        assert fresh(view).unit_id == second.pk
        assert [turn.day for turn in first.duty_turns.all()] == [TODAY]
        assert {queries.squadron_of(town.pk, DAY) for town in towns} == {second}
        assert {queries.squadron_of(town.pk, DAY - timedelta(days=1)) for town in towns} == {first}
        assert fresh(change).state == "done"

    def test_nothing_happens_before_the_day(self, plan, first, time_machine):
        change = plan()
        assert carry_out(time_machine, "2026-11-30 23:50 +0800") == "没有到期的机构调整"
        assert fresh(change).state == "ready" and fresh(first).closed_on is None

    def test_a_missed_day_is_caught_up_and_a_second_run_changes_nothing(self, plan, first, time_machine):
        plan()
        assert "转0条" in carry_out(time_machine, "2026-12-05 08:00 +0800")
        assert fresh(first).closed_on == date(2026, 12, 5)
        assert carry_out(time_machine, "2026-12-05 08:10 +0800") == "没有到期的机构调整"

    def test_roles_go_along_as_the_security_administrator_says_and_the_rest_end(
        self, plan, first, second, security_admin, time_machine
    ):
        officer, chief = person("officer", at=first, name="曾伟"), person("squadron_leader", at=first, name="李明")
        change = plan()
        assert change.state == "waiting"
        assert "没有到期" in carry_out(time_machine), "without the second word nothing is done"
        along = [grant for grant in queries.grants_along(first, DAY) if grant.role == "officer"]
        actions.agree_change(by=security_admin, change=change, grants=along, now=timezone.now())
        actions.carry_out_changes(now=timezone.now())
        assert fresh(officer).posts == {(second.pk, "officer")}
        assert fresh(chief).posts == frozenset() and fresh(chief).unit == second

    def test_the_leader_of_the_other_unit_sees_the_closed_one(self, plan, first, second, time_machine):
        leader = person("squadron_leader", at=second)
        assert first not in Unit.objects.visible_to(leader)
        plan()
        carry_out(time_machine)
        assert first in Unit.objects.visible_to(fresh(leader))

    def test_a_secondment_goes_on_in_the_other_unit_until_its_day(
        self, plan, first, second, brigade, system_admin, time_machine
    ):
        guest = person(at=brigade)
        org.second_person(by=system_admin, person=guest, unit=first, starts_on=TODAY, ends_on=date(2027, 1, 1))
        plan()
        carry_out(time_machine)
        assert fresh(guest).unit == second
        time_machine.move_to("2027-01-01 08:00 +0800")
        assert fresh(guest).unit == brigade

    def test_today_is_done_as_soon_as_the_worker_is_free(self, plan, first):
        change = plan(since=TODAY)
        actions.carry_out_changes(now=timezone.now())
        assert fresh(change).state == "done" and fresh(first).closed_on == TODAY


class TestRefusals:
    def test_both_administrators_keep_their_part(self, plan, system_admin, security_admin, first, second):
        person("officer", at=first)
        with pytest.raises(NotAllowed):
            actions.plan_change(
                by=security_admin, kind="merge", unit=first, into=second, since=DAY, reason="x", now=timezone.now()
            )
        change = plan()
        with pytest.raises(NotAllowed):
            actions.agree_change(by=system_admin, change=change, grants=[], now=timezone.now())
        with pytest.raises(NotAllowed):
            org.drop_change(by=security_admin, change=change)

    def test_nobody_takes_his_own_role_along(self, plan, first, brigade):
        other = person("security_admin", at=brigade)
        own = grant(other, "officer", first)
        change = plan()
        with pytest.raises(Refused, match="不能给自己授权"):
            actions.agree_change(by=other, change=change, grants=[own], now=timezone.now())

    def test_a_circle_is_refused(self, plan, first, second, brigade):
        with pytest.raises(Refused, match="自己或自己的下级"):
            plan(into=first)
        with pytest.raises(Refused, match="自己或自己的下级"):
            plan(unit=brigade)
        plan()
        with pytest.raises(Refused, match="自己也要并入"):
            plan(unit=second, into=first)

    def test_a_unit_has_one_plan_at_a_time_and_a_dropped_one_is_none(self, plan, system_admin):
        change = plan()
        with pytest.raises(Refused, match="已有一项"):
            plan()
        org.drop_change(by=system_admin, change=change)
        assert plan().pk != change.pk
        with pytest.raises(Refused, match="不能取消"):
            org.drop_change(by=system_admin, change=change)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"since": TODAY - timedelta(days=1)}, "今天或以后"),
            ({"into": None}, "选并入"),
            ({"reason": " "}, "依据"),
            ({"kind": "towns"}, "至少选一个"),
        ],
    )
    def test_what_is_missing_is_said(self, plan, changes, words):
        with pytest.raises(Refused, match=words):
            plan(**changes)

    def test_units_of_another_tree_a_branch_and_a_closed_unit_take_nothing(self, plan, brigade, second):
        branch = unit("党支部", parent=brigade, tree="party", kind="party_branch")
        with pytest.raises(Refused, match="转接组织关系"):
            plan(unit=branch, into=second)
        hall = unit("车管所", parent=brigade, tree="hall", kind="hall")
        with pytest.raises(Refused, match="同一序列"):
            plan(into=hall)
        Unit.objects.filter(pk=second.pk).update(closed_on=date(2026, 12, 31))
        with pytest.raises(Refused, match="撤销，不能接收"):
            plan()

    def test_a_unit_with_units_below_it_is_emptied_first(self, plan, first):
        unit("一分队", parent=first)
        with pytest.raises(Refused, match="下级单位"):
            plan()

    def test_what_came_in_the_way_meanwhile_waits_and_says_why(self, plan, first, second, time_machine):
        change = plan()
        Unit.objects.filter(pk=second.pk).update(closed_on=DAY)
        assert "撤销" in carry_out(time_machine)
        assert fresh(change).state == "ready" and fresh(first).closed_on is None


def test_a_unit_hangs_below_another_from_a_day_that_is_still_to_come(plan, first, brigade, time_machine):
    office = unit("城区片", parent=brigade)
    plan(kind="move", into=office)
    assert fresh(first).parent == brigade
    carry_out(time_machine)
    assert fresh(first).parent == office and fresh(first).closed_on is None


def take(system_admin, unit, towns, time_machine):
    actions.plan_change(
        by=system_admin, kind="towns", unit=unit, since=TODAY, towns=towns, reason="分工", now=timezone.now()
    )
    actions.carry_out_changes(now=timezone.now())


def test_a_town_goes_to_another_squadron_from_a_day(system_admin, first, second, towns, time_machine):
    take(system_admin, first, towns, time_machine)
    actions.plan_change(
        by=system_admin, kind="towns", unit=second, since=DAY, towns=towns[:1], reason="分工", now=timezone.now()
    )
    carry_out(time_machine)
    assert queries.squadrons_of([town.pk for town in towns], DAY) == {towns[0].pk: second.pk, towns[1].pk: first.pk}
    assert queries.squadrons_of([town.pk for town in towns], TODAY) == dict.fromkeys([t.pk for t in towns], first.pk)
    assert [beat.town for beat in queries.beats_of(first, DAY)] == [towns[1]]


def test_the_preview_counts_what_would_move(first, second, towns, system_admin, time_machine):
    take(system_admin, first, towns, time_machine)
    person("officer", at=first)
    shown = queries.preview(UnitChange(kind="merge", unit=first, into=second, since=DAY))
    assert (len(shown.people), len(shown.grants), [beat.town for beat in shown.towns]) == (1, 1, towns)
    assert shown.total == 0
    assert Person.objects.count() == 2


def test_towns_are_first_entered_from_any_day_and_then_only_from_today(system_admin, first, second, towns):
    def taken(unit, since):
        actions.plan_change(
            by=system_admin, kind="towns", unit=unit, since=since, towns=towns, reason="分工", now=timezone.now()
        )
        actions.carry_out_changes(now=timezone.now())

    taken(first, date(2024, 1, 1))
    assert queries.squadron_of(towns[0].pk, date(2024, 6, 1)) == first
    with pytest.raises(Refused, match="今天或以后"):
        taken(second, date(2025, 1, 1))
