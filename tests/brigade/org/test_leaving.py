"""A person leaves: what he holds goes to those who may have it, on the day everything ends, and his name stays."""

from datetime import date, timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed, Refused
from brigade.ledgers.models import SavedView
from brigade.org import actions, queries
from brigade.org.models import Departure, DutyTurn, Person, Posting
from brigade.org.rules import HOLDINGS
from tests.brigade.org.factories import grant, person, unit

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def morning(time_machine):
    time_machine.move_to("2026-11-23 09:00 +0800")


@pytest.fixture
def leader(brigade):
    return person("brigade_leader", at=brigade, name="秦志刚")


@pytest.fixture
def old_hand(squadron):
    """A squadron leader with three duty turns and a shared view."""
    who = person("squadron_leader", at=squadron, name="曾伟")
    for n in range(3):
        DutyTurn.objects.create(unit=squadron, day=TODAY + timedelta(days=n), person=who)
    DutyTurn.objects.create(unit=squadron, day=TODAY - timedelta(days=1), person=who)
    SavedView.objects.create(owner=who, unit=squadron, listing="meetings:meeting_list", name="本月", query="q=1")
    SavedView.objects.create(owner=who, listing="meetings:meeting_list", name="自己的", query="q=2")
    return who


@pytest.fixture
def deputy(squadron):
    return person("squadron_leader", at=squadron, name="李明")


def keys(who):
    return {held.key: len(held.rows) for held in queries.held_by(who, TODAY)}


def fresh(who):
    return Person.objects.get(pk=who.pk)


def test_everything_that_a_person_holds_is_found_by_kind_and_unit(old_hand, squadron):
    assert keys(old_hand) == {
        f"org.duty_turns.{squadron.pk}": 3,
        f"org.views.{squadron.pk}": 1,
        "org.posts": 1,
        "org.grants": 1,
    }


def test_every_kind_says_who_may_take_it_over_or_what_becomes_of_it():
    assert len(HOLDINGS) >= 8
    for holding in HOLDINGS.values():
        assert bool(holding.heirs) == bool(holding.whom) != bool(holding.goes), holding.code


def test_who_leaves_today_hands_all_over_and_is_gone(leader, old_hand, deputy, squadron):
    heirs = dict.fromkeys((f"org.duty_turns.{squadron.pk}", f"org.views.{squadron.pk}"), deputy)
    actions.hand_over(by=leader, person=old_hand, heirs=heirs, reason="退休", leaves_on=TODAY)
    gone = fresh(old_hand)
    assert keys(gone) == {} and not gone.is_active and gone.posts == frozenset()
    assert DutyTurn.objects.filter(person=deputy).count() == 3
    assert DutyTurn.objects.get(day=TODAY - timedelta(days=1)).person == old_hand, "what was, stays"
    assert SavedView.objects.get(name="本月").owner_id == deputy.pk
    assert SavedView.objects.get(name="自己的").owner_id == old_hand.pk
    left = AuditEvent.objects.get(verb="person.left")
    assert "退休" in left.note and left.target_title == "曾伟"


def test_two_views_of_one_name_both_stay(leader, old_hand, deputy, squadron):
    SavedView.objects.create(owner=deputy, listing="meetings:meeting_list", name="本月", query="q=3")
    heirs = {f"org.views.{squadron.pk}": deputy}
    actions.hand_over(by=leader, person=old_hand, heirs=heirs, reason="调整")
    assert {view.name for view in SavedView.objects.filter(owner=deputy.pk)} == {"本月", "本月(2)"}


def test_handing_over_a_part_leaves_the_account_and_the_rest(leader, old_hand, deputy, squadron):
    heirs = {f"org.duty_turns.{squadron.pk}": deputy}
    assert actions.hand_over(by=leader, person=old_hand, heirs=heirs, reason="分工调整") is None
    assert keys(old_hand) == {f"org.views.{squadron.pk}": 1, "org.posts": 1, "org.grants": 1}
    assert fresh(old_hand).is_active


def test_an_heir_who_lacks_what_it_takes_is_refused_by_name_and_nothing_is_half_done(
    leader, old_hand, deputy, squadron
):
    novice = person("officer", at=squadron, name="新来的")
    heirs = {f"org.views.{squadron.pk}": deputy, f"org.duty_turns.{squadron.pk}": novice}
    with pytest.raises(Refused, match="新来的不能接带班：要一中队的领导"):
        actions.hand_over(by=leader, person=old_hand, heirs=heirs, reason="退休", leaves_on=TODAY)
    assert keys(old_hand)[f"org.views.{squadron.pk}"] == 1
    assert fresh(old_hand).is_active and not Departure.objects.exists()


def test_nobody_leaves_while_a_group_has_no_heir(leader, old_hand, deputy, squadron):
    heirs = {f"org.views.{squadron.pk}": deputy}
    with pytest.raises(Refused, match="一中队的带班还没有选接手人"):
        actions.hand_over(by=leader, person=old_hand, heirs=heirs, reason="退休", leaves_on=TODAY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": " "}, "写明移交事由"),
        ({"heirs": {}, "leaves_on": None}, "至少选一名"),
        ({"leaves_on": TODAY - timedelta(days=1)}, "不能早于今天"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(leader, old_hand, deputy, squadron, change, words):
    heirs = dict.fromkeys((f"org.duty_turns.{squadron.pk}", f"org.views.{squadron.pk}"), deputy)
    asked = {"heirs": heirs, "reason": "退休", "leaves_on": TODAY} | change
    with pytest.raises(Refused, match=words):
        actions.hand_over(by=leader, person=old_hand, **asked)


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "clerk", "squadron_leader", "deputy_leader"])
def test_only_the_leaders_of_the_brigade_hand_over(brigade, old_hand, role):
    with pytest.raises(NotAllowed):
        actions.hand_over(by=person(role, at=brigade), person=old_hand, heirs={}, reason="退休", leaves_on=TODAY)


def test_nobody_hands_over_himself_nor_a_brigade_of_others(leader, old_hand):
    with pytest.raises(Refused, match="不能自己办"):
        actions.hand_over(by=leader, person=leader, heirs={}, reason="退休", leaves_on=TODAY)
    stranger = person("brigade_leader", at=unit("邻县大队"))
    with pytest.raises(NotAllowed):
        actions.hand_over(by=stranger, person=old_hand, heirs={}, reason="退休", leaves_on=TODAY)


def test_an_administrator_leaves_after_the_security_administrator_took_his_role(leader, brigade):
    admin = person("security_admin", at=brigade, name="管理员")
    with pytest.raises(Refused, match="先由安全管理员收回"):
        actions.hand_over(by=leader, person=admin, heirs={}, reason="退休", leaves_on=TODAY)


class TestOnALaterDay:
    DAY = date(2026, 12, 1)

    @pytest.fixture
    def planned(self, leader, old_hand, deputy, squadron):
        heirs = dict.fromkeys((f"org.duty_turns.{squadron.pk}", f"org.views.{squadron.pk}"), deputy)
        return actions.hand_over(by=leader, person=old_hand, heirs=heirs, reason="调离", leaves_on=self.DAY)

    def test_things_go_at_once_and_the_account_works_until_the_day(self, planned, old_hand):
        assert keys(old_hand) == {"org.posts": 1, "org.grants": 1}
        actions.close_departed(now=timezone.now())
        assert fresh(old_hand).is_active

    def test_what_came_meanwhile_goes_the_same_way_and_a_missed_day_is_caught_up(
        self, planned, old_hand, deputy, squadron, time_machine
    ):
        DutyTurn.objects.create(unit=squadron, day=date(2026, 12, 30), person=old_hand)
        time_machine.move_to("2026-12-04 00:04 +0800")
        assert actions.close_departed(now=timezone.now()).startswith("离任1人")
        assert not fresh(old_hand).is_active
        assert DutyTurn.objects.get(day=date(2026, 12, 30)).person == deputy
        assert Posting.objects.get(person=old_hand).ends_on == date(2026, 12, 4)
        assert old_hand.grants.get().ends_on == date(2026, 12, 4)

    def test_the_second_run_changes_nothing(self, planned, old_hand, time_machine):
        time_machine.move_to("2026-12-01 00:04 +0800")
        actions.close_departed(now=timezone.now())
        events = AuditEvent.objects.count()
        assert actions.close_departed(now=timezone.now()).startswith("离任0人")
        assert AuditEvent.objects.count() == events

    def test_who_lost_the_right_meanwhile_gets_nothing_and_the_account_closes(
        self, planned, old_hand, deputy, squadron, time_machine
    ):
        DutyTurn.objects.create(unit=squadron, day=date(2026, 12, 30), person=old_hand)
        deputy.grants.update(ends_on=date(2026, 11, 30))
        time_machine.move_to("2026-12-01 00:04 +0800")
        actions.close_departed(now=timezone.now())
        assert not fresh(old_hand).is_active
        assert DutyTurn.objects.get(day=date(2026, 12, 30)).person == old_hand

    def test_it_can_be_taken_back(self, planned, leader, old_hand, time_machine):
        actions.cancel_departure(by=leader, person=old_hand)
        time_machine.move_to("2026-12-01 00:04 +0800")
        actions.close_departed(now=timezone.now())
        assert fresh(old_hand).is_active
        with pytest.raises(Refused, match="没有待生效"):
            actions.cancel_departure(by=leader, person=old_hand)

    def test_a_new_day_takes_the_place_of_the_old_one(self, planned, leader, old_hand):
        actions.hand_over(by=leader, person=old_hand, heirs={}, reason="提前", leaves_on=date(2026, 11, 30))
        assert [row.leaves_on for row in Departure.objects.all()] == [date(2026, 11, 30)]

    def test_an_administrator_who_was_made_meanwhile_is_left_and_said(self, planned, old_hand, brigade, time_machine):
        grant(old_hand, "audit_admin", brigade)
        time_machine.move_to("2026-12-01 00:04 +0800")
        assert "1人还是管理员" in actions.close_departed(now=timezone.now())
        assert fresh(old_hand).is_active


HELD = {
    "branches.CommitteeSeat.person": "branches.seats",
    "branches.PartyGroup.leader": "branches.groups",
    "hazards.Owner.liaison": "hazards.owners",
    "ledgers.SavedView.owner": "org.views",
    "meetings.Decision.owner": "meetings.decisions",
    "meetings.Meeting.chair": "meetings.to_confirm",
    "org.DutyTurn.person": "org.duty_turns",
    "org.Grant.person": "org.grants",
    "org.Posting.person": "org.posts",
    "requests.ServiceRequest.handler": "requests.handler",
}
"""Column that says who answers for something → the holding by which it is handed over."""
STAYS = {
    "branches.PartyMember.person": "being a member is his own",
    "hazards.Hazard.second_grader": "he graded it",
    "hazards.Verification.first": "he verified it",
    "hazards.Verification.second": "he verified it",
    "ledgers.Draft.person": "nobody else's, and gone after two weeks",
    "ledgers.ExportRun.owner": "nobody else's, and gone after some days",
    "ledgers.ImportRun.owner": "nobody else's, and gone after some days",
    "ledgers.KeptMapping.owner": "how he reads a sheet",
    "meetings.Attendance.person": "he was there",
    "meetings.Leave.person": "he was away",
    "meetings.Meeting.recorder": "he wrote it down",
    "meetings.Segment.lecturer": "he taught it",
    "meetings.Vote.candidate": "he was voted on",
    "meetings.WrittenOpinion.person": "he wrote it",
    "notices.Announcement.people": "it went to him",
    "notices.Message.recipient": "it went to him",
    "notices.Receipt.person": "it went to him; unread it does not count once he has left",
    "obligations.Obligation.person": "worked out from the record when it is chased",
    "obligations.Reminder.person": "it went to him",
    "org.Departure.person": "his leaving",
    "org.PasswordHistory.person": "his account",
    "requests.ClockSuspension.approver": "he approved it",
    "requests.ServiceRequest.first_contact_officer": "he was asked first",
    "requests.ServiceRequest.reviewer": "he reviewed it",
}
"""Column that names a person who answers for nothing by it, and what it says of him."""


def test_every_column_that_names_a_person_is_handed_over_or_says_why_not():
    """Columns called `…_by` say who did something; every other is looked at once, when it is new."""
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if field.related_model is Person and not field.name.endswith("by")
    }
    assert found == HELD.keys() | STAYS.keys()
    assert set(HELD.values()) == HOLDINGS.keys()
