"""The page on which a leaving person's things are handed over, and those of secondments and changes of units."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from brigade.org import actions, queries
from brigade.org.models import Beat, Departure, DutyTurn, Person, Secondment, UnitChange
from brigade.org.states import Role
from brigade.reference.models import Town
from brigade.workbench.actions import carry_out_changes
from partybuilding.branches.models import CommitteeSeat, PartyGroup
from partybuilding.meetings.models import Decision
from partybuilding.meetings.rules import Task, Topic
from services.requests.models import ServiceRequest
from tests.brigade.ledgers.checks import queries_of
from tests.brigade.org.factories import grant, person, unit
from tests.partybuilding import factories as party
from tests.services.requests.world import taken_in

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 20)


@pytest.fixture(autouse=True)
def morning(time_machine):
    time_machine.move_to("2026-06-20 09:00 +0800")


@pytest.fixture
def leader(hall):
    return person(Role.POLITICAL_OFFICER, at=hall.brigade, name="宋延平")


@pytest.fixture
def leaving(hall, time_machine):
    """An officer of the hall and of a branch with 37 things: 12 requests, 15 decisions, 9 duty turns, a Party group."""
    who, window = hall.clerk, hall.hall
    where = party.World(hall.brigade, *_general(hall.brigade))
    branch = party.branch(where, full=6, groups=1)
    somebody = party.member(branch.row, group=branch.groups[0])
    party.PartyMember.objects.filter(pk=somebody.pk).update(person=who)
    PartyGroup.objects.filter(pk=branch.groups[0].pk).update(leader=who)
    CommitteeSeat.objects.create(branch=branch.row, person=who, role="discipline", start_on=party.LONG_AGO)
    for n in range(12):
        taken_in(hall, "PL01", f"2026-06-12T{8 + n // 6:02}:{10 + n:02}")
    tasks = tuple(Task(f"第{n + 1}件事", who.pk, date(2026, 7, 1)) for n in range(15))
    party.held(branch, "2026-06-12", "MM", topics=(Topic("deliberate", "分工", tasks=tasks),))
    grant(who, Role.WINDOW_LEAD, window)
    for n in range(9):
        DutyTurn.objects.create(unit=window, day=TODAY + timedelta(days=n), person=who)
    return who, branch


def _general(brigade):
    place = unit("大队党总支", parent=brigade, tree="party", kind="general_branch")
    row = party.PartyBranch.objects.create(unit=place, kind="general_branch", established_on=party.LONG_AGO)
    people = [person(at=brigade) for _n in range(4)]
    general = party.Branch(place, row, people, people[0])
    office = person(Role.PARTY_OFFICE, at=brigade)
    return general, office, people[0], office, office


def chosen(who, **others):
    """Who takes what: the first who may, of each group."""
    return {
        held.key: held.heirs(who, TODAY).first().pk
        for held in queries.held_by(who, TODAY)
        if held.holding.heirs is not None
    } | others


def test_37_things_become_0_and_the_history_keeps_his_name(client, leader, leaving):
    who, branch = leaving
    address = f"/org/people/{who.pk}/hand-over/"
    client.force_login(leader)
    page = client.get(address)
    assert page.status_code == 200 and f"{who.name}名下37项，交给谁？" in page.text
    for words in ("经办的办件 12项", "议定事项 15项", "带班 9项", "党小组长 1项", "支部职务"):
        assert words in page.text, words
    answer = client.post(address, chosen(who, reason="退休", leaves_on="2026-06-20"))
    assert answer.status_code == 302, answer.text
    gone = Person.objects.get(pk=who.pk)
    assert queries.held_by(gone, TODAY) == [] and not gone.is_active
    assert not Obligation.objects.open().filter(person=who).exists()
    assert not ServiceRequest.objects.filter(handler=who).exists()
    assert Decision.objects.filter(owner=who).count() == 0
    taken = ServiceRequest.objects.first()
    assert taken.first_contact_officer == who, "who was asked first stays"
    event = AuditEvent.objects.filter(verb="request.handed_over", target_id=str(taken.pk)).get()
    assert event.actor_name == leader.name and str(who.pk) in event.changes_text
    assert who.name in client.get(who.get_absolute_url()).text
    assert Message.objects.filter(code="workflow.handed_over", title="接手15项议定事项").count() == 1
    seat = CommitteeSeat.objects.get(person=who)
    assert seat.end_on == TODAY


def test_his_session_ends_with_his_account(client, leader, leaving):
    who, _branch = leaving
    client.force_login(who)
    assert client.get("/").status_code == 200
    actions.hand_over(by=leader, person=who, heirs=people(who), reason="调离", leaves_on=TODAY)
    assert client.get("/").status_code == 302


def people(who):
    return {key: Person.objects.get(pk=pk) for key, pk in chosen(who).items()}


def test_each_choice_shows_what_it_comes_to_and_writes_nothing(client, leader, leaving, hall):
    who, _branch = leaving
    client.force_login(leader)
    key = f"requests.handler.{hall.hall.pk}"
    asked = {key: hall.other.pk, "leaves_on": "2026-07-01"}
    part = client.get(f"/org/people/{who.pk}/hand-over/", asked, headers={"HX-Request": "true"})
    assert "李静名下0项变12项" in part.text and "还有25项没选接手人" in part.text
    assert "<h1>" not in part.text
    assert ServiceRequest.objects.filter(handler=who).count() == 12


def test_one_person_for_all_takes_whatever_he_may(client, leader, leaving, hall):
    who, branch = leaving
    client.force_login(leader)
    asked = {"everything": branch.members[1].pk, "reason": "分工调整"}
    assert client.post(f"/org/people/{who.pk}/hand-over/", asked).status_code == 302
    assert Decision.objects.filter(owner=branch.members[1]).count() == 15
    assert ServiceRequest.objects.filter(handler=who).count() == 12
    assert Person.objects.get(pk=who.pk).is_active


def test_a_choice_that_is_none_is_refused_at_its_line_and_nothing_typed_is_lost(client, leader, leaving, hall):
    who, branch = leaving
    client.force_login(leader)
    key = f"requests.handler.{hall.hall.pk}"
    typed = chosen(who, reason="退休在即", leaves_on="2026-06-20") | {key: branch.members[1].pk}
    answer = client.post(f"/org/people/{who.pk}/hand-over/", typed)
    assert answer.status_code == 422
    assert "这个人不能接手" in answer.text and "退休在即" in answer.text
    assert queries.held_by(who, TODAY) != []


def test_a_group_without_anybody_for_it_says_so(client, leader, leaving, hall):
    who, _branch = leaving
    for role in ("window_clerk", "window_lead", "hall_head"):
        hall.hall.grants.filter(role=role).exclude(person=who).update(ends_on=TODAY)
    client.force_login(leader)
    assert "没有别的窗口人员，先由安全管理员授权" in client.get(f"/org/people/{who.pk}/hand-over/").text


def test_records_that_the_leader_may_not_read_are_counted_and_not_named(client, leaving, hall):
    who, _branch = leaving
    boss = person(Role.BRIGADE_LEADER, at=hall.brigade)
    client.force_login(boss)
    text = client.get(f"/org/people/{who.pk}/hand-over/").text
    readable = ServiceRequest.objects.visible_to(boss).count()
    assert text.count("DCF-CGS-BJ-2026-") == readable
    assert ("另有12项不在这里列出" in text) == (readable == 0)


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "clerk", "hall_head", "deputy_leader"])
def test_nobody_else_opens_the_page(client, leaving, hall, role):
    who, _branch = leaving
    client.force_login(person(role, at=hall.brigade))
    assert client.get(f"/org/people/{who.pk}/hand-over/").status_code == 403


def test_the_system_administrator_sees_how_much_there_is_and_not_what(client, leaving, hall):
    who, _branch = leaving
    client.force_login(person("system_admin", at=hall.brigade))
    text = client.get(who.get_absolute_url()).text
    assert "经办的办件" in text and "12项" in text
    assert "DCF-CGS-BJ" not in text and "第1件事" not in text


def test_the_page_asks_the_same_questions_for_many_things_as_for_few(client, leader, leaving, hall):
    who, _branch = leaving
    client.force_login(leader)
    address = f"/org/people/{who.pk}/hand-over/"
    client.get(address)
    before = queries_of(client, address)
    for n in range(5):
        taken_in(hall, "PL01", f"2026-06-12T11:{10 + n}")
    assert queries_of(client, address) == before <= 60


def test_a_planned_leaving_stands_on_his_page_and_can_be_taken_back(client, leader, leaving):
    who, _branch = leaving
    client.force_login(leader)
    client.post(f"/org/people/{who.pk}/hand-over/", chosen(who, reason="退休", leaves_on="2026-07-01"))
    assert "2026年7月1日离任：退休" in client.get(who.get_absolute_url()).text
    assert "不离任了" in client.get(f"/org/people/{who.pk}/stay/").text
    assert client.post(f"/org/people/{who.pk}/stay/").status_code == 302
    assert not Departure.objects.exists()


def test_a_secondment_on_the_page_of_a_person_by_two_administrators(client, hall):
    office = unit("办公室", parent=hall.brigade)
    system, security = person("system_admin", at=hall.brigade), person("security_admin", at=hall.brigade)
    home = hall.clerk.get_absolute_url()
    client.force_login(system)
    typed = {"unit": office.pk, "starts_on": "2026-07-01", "ends_on": "2026-10-01", "roles": ["officer", "clerk"]}
    answer = client.post(f"{home}second/", typed)
    assert answer.status_code == 302, answer.text
    made = Secondment.objects.get()
    assert "角色待安全管理员办理" in client.get(home).text
    assert client.post(f"/org/secondments/{made.pk}/settle/").status_code == 403
    client.force_login(security)
    assert f"{hall.clerk.name}借调办公室" in client.get("/").text
    text = client.get(f"/org/secondments/{made.pk}/settle/").text
    assert "内勤" in text and "2026年10月1日" in text
    assert client.post(f"/org/secondments/{made.pk}/settle/").status_code == 302
    assert "办理角色" not in client.get(home).text and "等你" not in client.get("/").text
    client.force_login(system)
    assert client.post(f"/org/secondments/{made.pk}/end/", {"ends_on": "2026-08-01"}).status_code == 302
    assert Secondment.objects.get().posting.ends_on == date(2026, 8, 1)


def test_a_secondment_offers_what_can_be_and_proposes_the_role_that_he_has_anyway(client, hall):
    unit("城区党支部", parent=hall.brigade, tree="party", kind="branch")
    someone = person("officer", at=hall.brigade)
    client.force_login(person("system_admin", at=hall.brigade))
    form = client.get(f"{someone.get_absolute_url()}second/").context["form"]
    units, roles = str(list(form.fields["unit"].choices)), [code for code, _label in form.fields["roles"].choices]
    assert hall.hall.name in units and "城区党支部" not in units, "a branch is joined by a transfer"
    assert someone.unit.name not in units.replace(hall.hall.name, ""), "he is there already"
    assert "clerk" in roles and "window_clerk" in roles and not {"member", "branch_secretary"} & set(roles)
    assert form["roles"].value() == ["officer"]


def test_a_post_that_nobody_else_holds_is_named_before_its_duties_are_nobodys(client, leader, hall):
    taken_in(hall, "PL01", "2026-06-12T11:00")
    duty = Obligation.objects.open().filter(unit=hall.hall).first()
    Obligation.objects.filter(pk=duty.pk).update(person=None, post=Role.HALL_HEAD)
    grant(hall.head, Role.WINDOW_GUIDE, hall.hall)
    client.force_login(leader)
    address = f"/org/people/{hall.head.pk}/hand-over/"
    text = client.get(address).text
    assert "没有别的车管所所长，1件待办" in text and "没有别的导办" not in text, "a guide has nothing due"
    person(Role.HALL_HEAD, at=hall.hall)
    assert "没有别的车管所所长" not in client.get(address).text


def test_both_units_say_who_is_away_and_who_is_here_for_a_time(client, hall, time_machine):
    office = unit("办公室", parent=hall.brigade)
    system = person("system_admin", at=hall.brigade)
    dates = {"starts_on": date(2026, 7, 1), "ends_on": date(2026, 10, 1)}
    actions.second_person(by=system, person=hall.clerk, unit=office, **dates)
    time_machine.move_to("2026-07-02 09:00 +0800")
    client.force_login(system)
    assert "借调办公室，到2026年10月1日" in client.get(hall.hall.get_absolute_url()).text
    assert "借调来，到2026年10月1日" in client.get(office.get_absolute_url()).text


def test_a_secondment_is_told_to_who_settles_its_roles(client, hall):
    office = unit("办公室", parent=hall.brigade)
    system, security = person("system_admin", at=hall.brigade), person("security_admin", at=hall.brigade)
    person("security_admin", at=unit("高唐大队"))
    client.force_login(system)
    asked = {"unit": office.pk, "starts_on": "2026-07-01", "ends_on": "2026-10-01", "roles": ["clerk"]}
    answer = client.post(f"/org/people/{hall.clerk.pk}/second/", asked)
    assert answer.status_code == 302, answer.text
    [told] = Message.objects.filter(code="workbench.agreement_asked")
    assert (told.recipient, told.title) == (security, f"{hall.clerk.name}借调办公室，待你同意")
    assert told.url == hall.clerk.get_absolute_url()


class TestChangeOfAUnit:
    @pytest.fixture
    def squadrons(self, hall):
        return unit("农村一中队", parent=hall.brigade), unit("农村二中队", parent=hall.brigade)

    def test_the_preview_counts_and_the_plan_waits_for_the_other_administrator(
        self,
        client,
        hall,
        squadrons,
    ):
        first, second = squadrons
        officer = person("officer", at=first, name="曾伟")
        system, security = person("system_admin", at=hall.brigade), person("security_admin", at=hall.brigade)
        client.force_login(system)
        address = f"/org/units/{first.pk}/change/"
        assert "怎么调整" in client.get(address).text
        asked = {"kind": "merge", "into": second.pk, "since": "2026-07-01"}
        part = client.get(address, asked, headers={"HX-Request": "true"}).text
        assert "1人" in part and "1项" in part and "仍按当时的单位" in part
        assert not UnitChange.objects.exists()
        assert client.post(address, asked | {"reason": "聊公交〔2026〕9号"}).status_code == 302
        change = UnitChange.objects.get()
        assert "待安全管理员同意" in client.get(first.get_absolute_url()).text
        assert client.get(f"/org/changes/{change.pk}/agree/").status_code == 403
        assert "还没有完成" in client.get(address).text, "said before anything is typed"
        assert "农村一中队并入农村二中队" not in client.get("/").text
        [told] = Message.objects.filter(code="workbench.agreement_asked")
        assert (told.recipient, told.title) == (security, "农村一中队并入农村二中队，待你同意")
        assert "2026年7月1日起" in told.body and told.url == first.get_absolute_url()
        client.force_login(security)
        home = client.get("/").text
        assert "农村一中队并入农村二中队" in home and first.get_absolute_url() in home and "等你同意" in home
        page = client.get(f"/org/changes/{change.pk}/agree/").text
        assert "曾伟·民警<" in page and "checked" in page and "2026年7月1日" in page
        along = [str(pk) for pk in officer.grants.values_list("pk", flat=True)]
        assert client.post(f"/org/changes/{change.pk}/agree/", {"grants": along}).status_code == 302
        assert UnitChange.objects.get().state == "ready" and "等你" not in client.get("/").text
        client.force_login(system)
        assert client.post(f"/org/changes/{change.pk}/drop/").status_code == 302

    def test_what_cannot_be_is_said_while_it_is_typed(self, client, hall, squadrons):
        client.force_login(person("system_admin", at=hall.brigade))
        first, _second = squadrons
        asked = {"kind": "move", "into": hall.brigade.pk, "since": "2026-07-01"}
        part = client.get(f"/org/units/{first.pk}/change/", asked, headers={"HX-Request": "true"})
        assert f"{first.name}现在就在{hall.brigade.name}之下" in part.text

    def test_each_kind_asks_only_for_what_it_needs_and_offers_only_what_can_be(self, client, hall, squadrons):
        first, second = squadrons
        towns = list(Town.objects.order_by("code")[:3])
        for town, holder in zip(towns, (first, second), strict=False):
            Beat.objects.create(town=town, unit=holder, starts_on="2026-01-01")
        client.force_login(person("system_admin", at=hall.brigade))
        address = f"/org/units/{first.pk}/change/"

        def offered(kind, field):
            form = client.get(address, {"kind": kind}).context["form"]
            assert set(form.fields) == {"kind", field, "since", "reason"} and not form.errors
            return [label for key, label in form.fields[field].choices if key]

        assert f"{second.name}（行政序列）" in offered("merge", "into")
        assert not any(words in str(offered("merge", "into")) for words in (first.name, hall.hall.name))
        assert hall.brigade.name in str(offered("move", "into"))
        labels = offered("towns", "towns")
        assert f"{towns[1].name}（{second.short_name}）" in labels, "who polices it now"
        assert towns[2].name in labels and towns[0].name not in str(labels), "its own ones it has"
        page = client.get(f"/org/units/{hall.hall.pk}/change/").text
        assert "?kind=merge" in page and "?kind=towns" not in page, "a hall has no towns"

    def test_towns_are_taken_over_and_stand_on_the_page_of_the_unit(self, client, hall, squadrons):
        first, _second = squadrons
        town = Town.objects.first()
        client.force_login(person("system_admin", at=hall.brigade))
        asked = {"kind": "towns", "towns": [town.pk], "since": "2026-06-20", "reason": "分工"}
        assert client.post(f"/org/units/{first.pk}/change/", asked).status_code == 302
        carry_out_changes(now=timezone.now())
        assert town.name in client.get(first.get_absolute_url()).text
        assert queries.squadron_of(town.pk, TODAY) == first

    def test_only_the_system_administrator_plans(self, client, hall, squadrons):
        first, _second = squadrons
        for role in ("security_admin", "brigade_leader", "clerk"):
            client.force_login(person(role, at=hall.brigade))
            assert client.get(f"/org/units/{first.pk}/change/").status_code == 403
