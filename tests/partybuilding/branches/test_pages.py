"""The pages and the API of terms, transfers, sanctions and exclusions: what is shown to whom, what a slip is told."""

from datetime import date

import pytest
from django.utils import timezone

from brigade.kit.ids import new_id
from brigade.obligations.actions import reconcile
from brigade.org.models import Person
from brigade.org.states import Role
from partybuilding.branches import actions
from partybuilding.branches.models import Exemption, PartyMember, Term, Transfer, VotingExclusion
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment

pytestmark = pytest.mark.django_db
NOW = moment("2026-11-20", "18:00")
LETTER = date(2026, 11, 10)


@pytest.fixture(autouse=True)
def evening(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def old(world):
    return make.branch(world)


@pytest.fixture
def new(world):
    return make.branch(world, "机关党支部", groups=1)


@pytest.fixture
def he(old):
    return PartyMember.objects.get(person=old.members[8])


@pytest.fixture
def letter(world, new, he):
    made = actions.issue_transfer(
        by=world.office, member=he, to_branch=new.row, letter_no="组转5号", issued_on=LETTER, now=moment(LETTER)
    )
    return actions.send_transfer(by=world.office, transfer=made, now=moment(LETTER))


def term(world, where, elected_on):
    roles = ["secretary", "organisation", "discipline"]
    named = list(zip(where.members[:3], roles, strict=True))
    return actions.enter_term(by=world.office, branch=where.row, elected_on=elected_on, seats=named, now=NOW)


def text(client, address, by):
    client.force_login(by)
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_branch_page_shows_the_term_and_says_what_to_do_before_it_ends(client, world, old):
    address = old.row.get_absolute_url()
    assert "还没有登记任期" in text(client, address, old.secretary)
    term(world, old, date(2023, 12, 10))
    shown = text(client, address, old.secretary)
    assert "任期2026年12月10日届满，准备换届" in shown and "剩20天" in shown
    assert "登记换届" not in shown
    assert "登记换届" in text(client, address, world.office)


def test_the_branch_page_says_that_a_term_is_over(client, world, old):
    term(world, old, date(2023, 11, 19))
    assert "任期2026年11月19日届满，已逾期未换届" in text(client, old.row.get_absolute_url(), old.secretary)


def test_a_term_a_year_ahead_is_no_warning(client, world, old):
    term(world, old, date(2025, 1, 10))
    assert "准备换届" not in text(client, old.row.get_absolute_url(), old.secretary)


def test_an_election_is_entered_by_one_form(client, world, old):
    client.force_login(world.office)
    address = f"/party/branches/{old.pk}/terms/new/"
    form = client.get(address).context["form"]
    assert form.initial["secretary"] == old.secretary.pk
    typed = {"elected_on": "2026-11-18", "years": "3", "secretary": old.members[2].pk, "others": []}
    typed |= {"organisation": old.members[1].pk, "discipline": old.members[3].pk}
    assert client.post(address, typed).status_code == 302
    made = Term.objects.get()
    assert made.expires_on == date(2029, 11, 18)
    assert {seat.role: seat.person for seat in made.seats.all()} == {
        "secretary": old.members[2],
        "organisation": old.members[1],
        "discipline": old.members[3],
    }
    typed["elected_on"] = "2026-11-19"
    refused = client.post(address, typed)
    assert refused.status_code == 422
    assert "一般不超过1年" in refused.context["form"].errors["elected_on"][0]


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"extended_to": "2027-12-11", "approval_no": "9号"}, "extended_to", "最迟到2027-12-10"),
        ({"extended_to": "2027-12-10", "approval_no": ""}, "approval_no", "要写上级批准文号"),
    ],
)
def test_an_extension_is_refused_beside_its_field(client, world, old, typed, field, sentence):
    term(world, old, date(2023, 12, 10))
    client.force_login(world.office)
    answer = client.post(f"/party/branches/{old.pk}/terms/extend/", typed)
    assert answer.status_code == 422
    assert sentence in answer.context["form"].errors[field][0]
    good = {"extended_to": "2027-12-10", "approval_no": "聊公党〔2026〕9号"}
    assert client.post(f"/party/branches/{old.pk}/terms/extend/", good).status_code == 302
    assert "聊公党〔2026〕9号" in text(client, old.row.get_absolute_url(), old.secretary)


def test_a_by_election_is_entered_by_the_same_fields(client, world, old):
    client.force_login(world.office)
    typed = {"start_on": "2026-11-18", "secretary": old.secretary.pk, "others": [old.members[6].pk]}
    typed |= {"organisation": old.members[1].pk, "publicity": old.members[1].pk}
    answer = client.post(f"/party/branches/{old.pk}/committee/", typed)
    assert (answer.status_code, answer.context["form"].non_field_errors()) == (422, ["同一个人只能任一个职务"])
    del typed["publicity"]
    assert client.post(f"/party/branches/{old.pk}/committee/", typed).status_code == 302
    assert "民警" in text(client, old.row.get_absolute_url(), old.secretary)


def test_a_letter_is_written_sent_and_accepted_on_its_pages(client, world, old, new, he):
    client.force_login(world.office)
    typed = {"to_branch": new.pk, "to_outside": "", "letter_no": "组转〔2026〕6号", "issued_on": "2026-11-20"}
    answer = client.post(f"/party/members/{he.pk}/transfer/", typed)
    made = Transfer.objects.get()
    assert answer["Location"] == made.get_absolute_url()
    assert client.post(f"{made.get_absolute_url()}moves/send/", {"version": made.version}).status_code == 302
    shown = text(client, made.get_absolute_url(), new.secretary)
    assert "2027年2月18日前接收" in shown and "退回介绍信" in shown
    asked = client.get(f"{made.get_absolute_url()}moves/accept/")
    assert list(asked.context["form"].fields["group"].queryset) == new.groups
    accepted = client.post(
        f"{made.get_absolute_url()}moves/accept/", {"accepted_on": "2026-11-20", "group": new.groups[0].pk}
    )
    assert accepted.status_code == 302
    assert he.memberships.get(end_on=None).group == new.groups[0]


def test_a_letter_is_refused_in_words_beside_its_field(client, world, old, he):
    client.force_login(world.office)
    typed = {"to_branch": "", "to_outside": "", "letter_no": "", "issued_on": "2026-11-20"}
    answer = client.post(f"/party/members/{he.pk}/transfer/", typed)
    assert answer.context["form"].errors["letter_no"] == ["写介绍信编号"]
    answer = client.post(f"/party/members/{he.pk}/transfer/", typed | {"letter_no": "6号"})
    assert answer.status_code == 422
    assert "只填一个" in answer.context["form"].errors["to_branch"][0]


def test_both_branches_and_the_member_see_the_letter_and_nobody_else_does(client, world, old, new, he, letter):
    third = make.branch(world, "事故处理中队党支部")
    address = letter.get_absolute_url()
    assert "接收前仍由本支部管" in text(client, old.row.get_absolute_url(), old.secretary)
    assert "从城区一中队党支部转入" in text(client, new.row.get_absolute_url(), new.secretary)
    for by in (old.secretary, new.secretary, he.person):
        assert "组转5号" in text(client, address, by)
    client.force_login(third.secretary)
    assert client.get(address).status_code == 404
    assert "接收支部的支部书记" in text(client, f"/org/access/branches.transfer/{letter.pk}/", old.secretary)
    client.force_login(old.secretary)
    assert client.get(f"{address}moves/accept/").status_code == 403
    assert client.get(f"{address}moves/expire/").status_code == 404


def test_the_ledger_of_letters_finds_both_ends_and_takes_constant_queries(
    client, world, old, new, letter, django_assert_max_num_queries
):
    client.force_login(new.secretary)
    with django_assert_max_num_queries(14) as one:
        shown = client.get("/party/transfers/", {"unit": new.pk}).content.decode()
    assert "组转5号" in shown
    people = [make.member(old.row) for _n in range(30)]
    for number, somebody in enumerate(people):
        actions.issue_transfer(
            by=world.office, member=somebody, to_branch=new.row, letter_no=str(number), issued_on=LETTER, now=NOW
        )
    with django_assert_max_num_queries(len(one)):
        client.get("/party/transfers/", {"unit": new.pk})


def test_an_exclusion_is_shown_with_what_is_missing_until_it_counts(client, world, old, he):
    client.force_login(world.office)
    typed = {"reason": "bedridden", "start_on": "2026-11-01", "approval_no": "聊公党〔2026〕3号"}
    assert client.post(f"/party/members/{he.pk}/exclude/", typed).status_code == 302
    row = VotingExclusion.objects.get()
    address = old.row.get_absolute_url()
    shown = text(client, address, old.secretary)
    assert "缺党员大会通过" in shown and "未生效，照常计入" in shown and "应到会有表决权12人" in shown
    client.force_login(world.office)
    answer = client.post(f"/party/exclusions/{row.pk}/change/", {"approval_no": "3号", "passed_on": "2026-11-21"})
    assert "党员大会还没有开" in answer.context["form"].errors["passed_on"][0]
    client.post(f"/party/exclusions/{row.pk}/change/", {"approval_no": "3号", "passed_on": "2026-11-18"})
    assert "应到会有表决权11人" in text(client, address, old.secretary)
    client.force_login(old.secretary)
    assert client.get(f"/party/exclusions/{row.pk}/change/").status_code == 404


def test_only_steps_that_lead_on_are_offered_and_others_refused(client, world, old, he):
    client.force_login(world.office)
    address = f"/party/members/{he.pk}/status/"
    assert [code for code, _label in client.get(address).context["form"].fields["status"].choices] == [
        "suspended",
        "removed",
        "deceased",
    ]
    assert client.post(address, {"status": "probationary", "on": "2026-11-20"}).status_code == 422
    assert client.post(address, {"status": "suspended", "on": "2026-11-20"}).status_code == 302


def test_a_sanction_is_entered_and_shown(client, world, old, he):
    client.force_login(world.office)
    address = f"/party/members/{he.pk}/sanction/"
    answer = client.post(address, {"sanction": "probation_within_party"})
    assert answer.context["form"].errors["start_on"] == ["处分要写明起日"]
    assert client.post(address, {"sanction": "probation_within_party", "start_on": "2026-11-01"}).status_code == 302
    assert "留党察看，2026年11月1日起" in text(client, he.get_absolute_url(), world.office)


def test_an_exemption_is_looked_at_again_by_the_secretary(client, world, old, he):
    row = actions.exempt_member(by=old.secretary, member=he, kind="other", start_on=LETTER, end_on=None, now=NOW)
    client.force_login(old.secretary)
    address = f"/party/exemptions/{row.pk}/review/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"end_on": "2026-11-20"}).status_code == 302
    assert "2026年11月20日复核" in text(client, he.get_absolute_url(), old.secretary)
    other = make.branch(world, "事故处理中队党支部")
    client.force_login(other.secretary)
    assert client.get(address).status_code == 404


def test_who_oversees_duties_is_led_to_no_page_that_refuses_him(client, world, letter, new, he):
    """A deputy sees how branches stand, not their members' papers; it is not for leaders to review exemptions."""
    may = date(2026, 5, 25)
    actions.exempt_member(by=world.office, member=he, kind="other", start_on=may, end_on=None, now=moment(may))
    deputy = person(Role.DEPUTY_LEADER, at=world.brigade)
    reconcile(now=NOW)
    answered, review = letter.get_absolute_url(), f"/party/exemptions/{Exemption.objects.get().pk}/review/"
    for who, opens in ((world.office, {answered, review}), (world.leader, {answered}), (deputy, set())):
        client.force_login(Person.objects.get(pk=who.pk))
        answer = client.get("/obligations/", {"all": 1, "per": 200})
        rows = {row.rule: row for row in answer.context["page"].records}
        assert {"party.transfer", "party.exemption"} <= rows.keys()
        assert {address for address in (answered, review) if address in answer.content.decode()} == opens


# The API


@pytest.fixture
def api(client):
    def call(method, path, by, body=None):
        client.force_login(Person.objects.get(pk=by.pk))
        return getattr(client, method)(f"/api/v1/transfers/{path}", body, content_type="application/json")

    return call


def body(new, he, **fields):
    values = {"id": str(new_id()), "member": he.pk, "to_branch": new.pk, "letter_no": "7号", "issued_on": "2026-11-20"}
    return values | fields


def test_a_letter_goes_its_way_over_the_api(api, world, new, he):
    sent = body(new, he)
    made = api("post", "", world.office, sent)
    assert made.status_code == 201, made.json()
    assert (made.json()["state"], made.json()["kind"]) == ("issued", "branches.transfer")
    assert api("post", "", world.office, sent).json()["id"] == made.json()["id"]
    key = made.json()["id"]
    assert api("post", f"{key}/moves/send/", world.office, {"version": 1}).json()["state"] == "in_transit"
    seen = api("get", f"{key}/", new.secretary).json()
    assert [move["code"] for move in seen["available_moves"]] == ["accept", "return"]
    done = api("post", f"{key}/moves/accept/", new.secretary, {"accepted_on": "2026-11-20", "version": 2})
    assert (done.status_code, done.json()["accepted_on"]) == (200, "2026-11-20")
    again = api("post", f"{key}/moves/accept/", new.secretary, {"accepted_on": "2026-11-20", "version": 3})
    assert (again.status_code, again.json()["detail"]) == (422, "现在是“已接收”，不能接收；可以办的是：没有")
    assert [row["id"] for row in api("get", "", new.secretary).json()["results"]] == [key]


def test_the_api_refuses_whom_the_pages_refuse(api, world, old, new, he):
    plain = person(Role.MEMBER, at=old.unit)
    for by in (old.secretary, plain):
        answer = api("post", "", by, body(new, he))
        assert (answer.status_code, answer.json()["field"]) == (422, "member")
    assert "只填一个" in api("post", "", world.office, body(new, he, to_outside="机关工委")).json()["detail"]
    assert api("get", f"{new_id()}/", world.office).status_code == 404


def test_a_page_that_asks_wears_the_colours_of_its_tab_and_says_what_an_empty_choice_means(client, world, new):
    client.force_login(world.office)
    page = client.get(f"/party/branches/{new.pk}/members/enrol/").text
    assert 'data-skin="party"' in page
    assert "不编组" in page and "---" not in page
    assert "未定" in client.get(f"/party/branches/{new.pk}/groups/add/").text
    assert 'data-skin=""' in client.get("/obligations/").text


def test_a_page_that_no_line_of_the_menu_leads_to_stands_under_the_tab_of_its_address(client, world, new):
    client.force_login(world.office)
    group = make.PartyGroup.objects.create(branch=new.row, name="第二党小组", start_on=make.LONG_AGO)
    page = client.get(f"/party/groups/{group.pk}/end/").text
    assert 'data-skin="party"' in page
    assert page.count('aria-current="page"') == 2, "the tab of the bar and of the drawer, and no line below it"
    assert 'data-skin=""' in client.get("/password/").text


# Two officers, one branch


def opened(client, address, by):
    """What the form says when it is opened, as a browser would send it back."""
    client.force_login(by)
    page = client.get(address)
    shown = page.context["form"]
    values = {name: shown[name].value() for name in shown.fields}
    sent = {name: value for name, value in values.items() if value not in (None, "", False, [])}
    return sent | {"base": page.context["base"]}


@pytest.fixture
def colleague(world):
    return person(Role.PARTY_OFFICE, at=world.general.unit, name="党建乙")


@pytest.mark.parametrize(
    ("address", "first", "second", "both"),
    [
        (
            "/party/branches/{branch}/change/",
            {"feature": "红色驿站"},
            {"theme_day_rule": "每月10日"},
            {"feature": "红色驿站", "theme_day_rule": "每月10日"},
        ),
        (
            "/party/members/{member}/sanction/",
            {"sanction": "warning", "start_on": "2026-11-01"},
            {"rights_suspended": "on"},
            {"sanction": "warning", "rights_suspended": True},
        ),
    ],
)
def test_what_two_officers_change_is_put_together_and_the_same_field_is_asked(
    client, world, old, he, colleague, address, first, second, both
):
    address = address.format(branch=old.pk, member=he.pk)
    row = old.row if "branches" in address else he
    mine = opened(client, address, world.office)
    theirs = opened(client, address, colleague)
    assert client.post(address, theirs | first).status_code == 302
    client.force_login(world.office)
    assert client.post(address, mine | second).status_code == 302
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in both} == both and row.version == 3
    name, value = next(iter(first.items()))
    other = "severe_warning" if name == "sanction" else "法治讲堂"
    answer = client.post(address, mine | {name: other})
    assert answer.status_code == 409 and colleague.name in answer.text, "who changed it is said"
    row.refresh_from_db()
    assert getattr(row, name) == value


def test_two_who_fill_different_offices_fill_both(client, world, old, colleague):
    term(world, old, date(2026, 6, 1))
    address = f"/party/branches/{old.pk}/committee/"
    mine, theirs = opened(client, address, world.office), opened(client, address, colleague)
    day = {"start_on": "2026-11-20"}
    client.force_login(colleague)
    assert client.post(address, theirs | day | {"publicity": old.members[4].pk}).status_code == 302
    client.force_login(world.office)
    answer = client.post(address, mine | day | {"deputy": old.members[5].pk})
    assert answer.status_code == 302, answer.text
    held = dict(old.row.seats.on(date(2026, 11, 20)).values_list("role", "person"))
    assert (held["publicity"], held["deputy"]) == (old.members[4].pk, old.members[5].pk)
    assert set(held) == {"secretary", "organisation", "discipline", "publicity", "deputy"}
