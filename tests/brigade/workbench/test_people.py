"""Pages of units, people and grants: who finds whom, what each administrator can do there, what others cannot."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.org import actions, queries
from brigade.org.models import Grant, Person, Unit
from brigade.org.states import Role
from partybuilding.meetings.models import Meeting
from tests.brigade.org.factories import grant, person, unit

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def morning(time_machine):
    time_machine.move_to("2026-11-23 09:00 +0800")


@pytest.fixture
def elsewhere():
    return unit("邻县大队")


@pytest.fixture
def officer(system_admin, squadron):
    new = actions.enrol_person(
        by=system_admin, police_no="037101", name="曾伟", unit=squadron, starts_on=TODAY, phone="13863512345"
    )
    new.must_change_password = False
    new.save()
    return new


def as_(client, who):
    client.force_login(who)
    return client


# Units


def test_the_tree_shows_the_units_within_reach(client, squadron, elsewhere, brigade):
    text = as_(client, person("clerk", at=brigade)).get("/org/units/").text
    assert "东昌府大队" in text and "一中队" in text and "邻县大队" not in text


def test_on_a_units_page_who_leads_and_keeps_it_stands_before_who_serves_there(client, brigade, squadron):
    for role in (Role.AUXILIARY, Role.CLERK, Role.OFFICER, Role.SQUADRON_LEADER):
        grant(person(at=squadron, name=f"演示{Role(role).label}"), role, squadron)
    text = as_(client, person("clerk", at=brigade)).get(squadron.get_absolute_url()).text
    told = re.findall(r">演示(\S+?)</a><small>\1</small>", text)
    assert told == ["内勤", "中队长", "民警", "辅警"]


def test_the_system_administrator_opens_moves_and_closes_units(client, system_admin, brigade, squadron):
    as_(client, system_admin)
    assert "设立什么单位" in client.get(f"/org/units/{brigade.pk}/open/").text
    typed = {"tree": "line", "kind": "squadron", "code": "Z2", "name": "第二中队", "short_name": "二中队"}
    assert client.post(f"/org/units/{brigade.pk}/open/", typed | {"opened_on": "2026-11-01"}).status_code == 302
    second = Unit.objects.get(code="Z2")
    answer = client.post(f"/org/units/{second.pk}/move/", {"parent": squadron.pk, "since": "2026-11-20"})
    assert answer["Location"] == second.get_absolute_url()
    assert client.post(f"/org/units/{second.pk}/close/", {"closed_on": "2026-11-23"}).status_code == 302
    assert "撤销" in client.get(second.get_absolute_url()).text
    assert "二中队" not in client.get("/org/units/").text


def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(client, system_admin, brigade):
    typed = {"tree": "line", "kind": "squadron", "code": brigade.code, "name": "第二中队", "short_name": "二中队"}
    answer = as_(client, system_admin).post(f"/org/units/{brigade.pk}/open/", typed | {"opened_on": "2026-11-01"})
    assert answer.status_code == 422
    assert "已有单位在用" in answer.text and "第二中队" in answer.text


def test_units_of_others_are_not_there_and_own_ones_are_not_changed_by_everybody(client, brigade, squadron, elsewhere):
    as_(client, person("squadron_leader", at=squadron))
    assert client.get(squadron.get_absolute_url()).status_code == 200
    assert client.get(elsewhere.get_absolute_url()).status_code == 404
    assert client.get(brigade.get_absolute_url()).status_code == 404
    assert client.get(f"/org/units/{squadron.pk}/close/").status_code == 403


def test_the_page_of_a_unit_asks_the_same_few_questions_for_three_people_as_for_one(
    client, brigade, squadron, django_assert_max_num_queries
):
    person("officer", at=squadron)
    as_(client, person("squadron_leader", at=brigade)).get(squadron.get_absolute_url())
    for _one in range(3):
        person("clerk", at=squadron)
    with django_assert_max_num_queries(16):
        client.get(squadron.get_absolute_url())


# People


def test_people_are_found_by_initials_within_reach_and_without_their_phone(client, officer, brigade, elsewhere):
    stranger = person(at=elsewhere, search_text="zw 曾武", name="曾武")
    text = as_(client, person("clerk", at=brigade)).get("/org/people/?q=zw").text
    assert "曾伟" in text and "*******2345" in text and "13863512345" not in text
    assert stranger.name not in text


def test_the_list_of_people_asks_the_same_questions_for_one_as_for_many(
    client, brigade, squadron, django_assert_max_num_queries
):
    as_(client, person("clerk", at=brigade)).get("/org/people/")
    with django_assert_max_num_queries(12):
        client.get("/org/people/")
    for _one in range(5):
        person("officer", at=squadron)
    with django_assert_max_num_queries(12):
        assert client.get("/org/people/").text.count("<tr>") == 7


@pytest.mark.parametrize(("query", "found"), [
    ("?unit={squadron}", {"曾伟", "马会良"}),
    ("?unit={brigade}", {"曾伟", "马会良", "李明"}),
    ("?unit=999999", set()),
    ("?kind=auxiliary", {"马会良"}),
    ("?is_active=0", {"曾伟"}),
    ("?q=037101", {"曾伟"}),
    ("?q=mhl&kind=officer", set()),
])  # fmt: skip
def test_people_are_filtered_by_unit_kind_and_account(client, officer, brigade, squadron, query, found):
    Person.objects.filter(pk=officer.pk).update(is_active=False)
    person(at=squadron, name="马会良", kind="auxiliary", search_text="马会良 mahuiliang mhl")
    as_(client, person("clerk", at=brigade, name="李明"))
    text = client.get("/org/people/" + query.format(squadron=squadron.pk, brigade=brigade.pk)).text
    table = text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert {name for name in ("曾伟", "马会良", "李明") if name in table} == found


def test_everybody_finds_himself(client):
    lone = person()
    assert as_(client, lone).get(lone.get_absolute_url()).status_code == 200
    assert "还没有角色" in client.get(lone.get_absolute_url()).text


def test_the_system_administrator_enrols_posts_and_stops_people(client, system_admin, squadron, brigade):
    as_(client, system_admin)
    typed = {"police_no": "037209", "name": "马会良", "kind": "officer", "unit": squadron.pk, "starts_on": "2026-11-01"}
    answer = client.post("/org/people/enrol/", typed)
    new = Person.objects.get(police_no="037209")
    assert answer["Location"] == new.get_absolute_url()
    page = f"/org/people/{new.pk}"
    assert client.post(f"{page}/change/", {"name": "马惠良", "kind": "officer"}).status_code == 302
    assert client.post(f"{page}/post/", {"unit": brigade.pk, "starts_on": "2026-11-20"}).status_code == 302
    assert client.post(f"{page}/account/", {"reason": "停职"}).status_code == 302
    assert "账号停用" in client.get(page + "/").text
    assert client.post(f"{page}/account/", {"reason": "复职"}).status_code == 302
    assert client.post(f"{page}/unpost/", {"ends_on": "2026-11-23"}).status_code == 302
    new.refresh_from_db()
    assert new.is_active and new.name == "马惠良"


@pytest.mark.parametrize(("field", "value", "sentence"), [
    ("police_no", "03", "警号是4到16位"),
    ("phone", "1234", "手机号是1开头"),
    ("starts_on", "2026-13-01", "日期"),
    ("unit", "99999", "选"),
    ("name", "曾\x00伟", "字符"),
])  # fmt: skip
def test_bad_input_is_refused_in_plain_words(client, system_admin, squadron, field, value, sentence):
    typed = {"police_no": "037209", "name": "马会良", "kind": "officer", "unit": squadron.pk, "starts_on": "2026-11-01"}
    answer = as_(client, system_admin).post("/org/people/enrol/", typed | {field: value})
    assert answer.status_code == 422 and sentence in answer.text


def test_a_given_password_is_shown_once(client, system_admin, officer):
    as_(client, system_admin)
    page = f"/org/people/{officer.pk}/password/"
    assert "发放新密码" in client.get(page).text
    text = client.post(page).text
    given = text.split('<code class="secret">')[1].split("</code>")[0]
    officer.refresh_from_db()
    assert officer.check_password(given)
    assert given not in client.get(page).text


def test_the_phone_is_shown_for_a_reason_and_never_without(client, officer, squadron):
    as_(client, person("squadron_leader", at=squadron))
    page = f"/org/people/{officer.pk}/reveal/phone/"
    assert "13863512345" not in client.get(page).text
    assert client.post(page, {"reason": ""}).status_code == 422
    assert "13863512345" in client.post(page, {"reason": "夜间召回"}).text
    assert AuditEvent.objects.get(verb="field.revealed").note == "夜间召回"
    assert client.post(f"/org/people/{officer.pk}/reveal/password/", {"reason": "x"}).status_code == 404


def test_the_phone_stays_hidden_from_whoever_has_no_right(client, officer, system_admin):
    answer = as_(client, system_admin).post(f"/org/people/{officer.pk}/reveal/phone/", {"reason": "想看"})
    assert answer.status_code == 403 and "13863512345" not in answer.text


# Grants


def test_the_security_administrator_gives_and_takes_roles_on_the_persons_page(
    client, security_admin, officer, squadron
):
    as_(client, security_admin)
    page = officer.get_absolute_url()
    assert "授予角色" in client.get(page).text and "发放密码" not in client.get(page).text
    typed = {"role": "clerk", "unit": squadron.pk, "starts_on": "2026-11-23", "reason": "内勤轮岗"}
    assert client.post(f"{page}grant/", typed).status_code == 302
    held = Grant.objects.get(person=officer)
    assert "内勤轮岗" in client.get(page).text
    assert client.post(f"/org/grants/{held.pk}/end/", {"ends_on": "2026-11-23"}).status_code == 302
    held.refresh_from_db()
    assert held.ends_on == TODAY


def test_the_system_administrator_finds_no_grant_button_and_no_open_door(client, system_admin, officer, squadron):
    as_(client, system_admin)
    page = officer.get_absolute_url()
    assert "授予角色" not in client.get(page).text and "发放密码" in client.get(page).text
    typed = {"role": "clerk", "unit": squadron.pk, "starts_on": "2026-11-23"}
    assert client.post(f"{page}grant/", typed).status_code == 422
    held = grant(officer, "clerk", squadron)
    assert client.post(f"/org/grants/{held.pk}/end/", {"ends_on": "2026-11-23"}).status_code == 403


def test_a_change_of_rights_counts_at_the_next_request(client, security_admin, officer, squadron):
    as_(client, officer)
    assert client.get(squadron.get_absolute_url()).status_code == 404
    held = actions.grant_role(by=security_admin, person=officer, role=Role.CLERK, unit=squadron, starts_on=TODAY)
    assert client.get(squadron.get_absolute_url()).status_code == 200
    actions.end_grant(by=security_admin, grant=held, ends_on=TODAY)
    assert client.get(squadron.get_absolute_url()).status_code == 404


def test_a_question_asked_by_htmx_comes_as_a_dialog_and_goes_on_by_itself(client, security_admin, officer, squadron):
    as_(client, security_admin)
    htmx = {"HX-Request": "true"}
    dialog = client.get(f"/org/people/{officer.pk}/grant/", headers=htmx)
    assert dialog.text.lstrip().startswith("<dialog") and "HX-Request" in dialog["Vary"]
    typed = {"role": "clerk", "unit": squadron.pk, "starts_on": "2026-11-23"}
    assert (
        client.post(f"/org/people/{officer.pk}/grant/", typed, headers=htmx)["HX-Redirect"]
        == officer.get_absolute_url()
    )


# Roles and readers


def test_an_official_reads_what_each_role_may_do(client, officer):
    text = as_(client, officer).get("/org/roles/").text
    assert "查看敏感信息" in text and "教导员" in text
    words = [words for _subject, lines in queries.role_catalogue() for words, _perm, _roles in lines]
    assert not [each for each in words if re.search("[a-z]", each)]


def test_an_official_reads_what_one_role_may_do(client, officer):
    answer = as_(client, officer).get("/org/roles/", {"role": "audit_admin"})
    assert "审计管理员能做什么" in answer.text
    assert "查看、核验" in answer.text and "确认会议记录" not in answer.text
    assert "各角色能做什么" in client.get("/org/roles/", {"role": "nobody"}).text


@pytest.fixture
def meeting(brigade):
    branch = unit("秩序支部", parent=brigade, tree="party")
    day = timezone.now().replace(hour=1)
    fields = {"starts_at": day, "ends_at": day + timedelta(hours=2), "created_at": day, "state": "draft"}
    return Meeting.objects.create(unit=branch, title="六月主题党日", **fields)


def test_whoever_sees_a_record_sees_who_else_does_and_why(client, meeting, brigade):
    secretary = person("branch_secretary", at=meeting.unit, name="周海峰")
    political = person("political_officer", at=brigade, name="李明")
    person("system_admin", at=brigade, name="管理甲")
    text = as_(client, secretary).get(f"/org/access/meetings.meeting/{meeting.pk}/").text
    assert "周海峰" in text and "李明" in text and "管理甲" not in text
    reasons = {reason.person: reason for reason in queries.who_can_see(meeting)}
    assert reasons[political].why == "教导员可看东昌府大队及其下级的会议记录"
    assert reasons[secretary].why == "支部书记可看本单位的会议记录"


def test_the_readers_named_are_those_whom_the_scope_lets_in(meeting, brigade, squadron, elsewhere):
    guest = person(at=elsewhere)
    meeting.attendances.create(person=guest, status="present", at=meeting.starts_at)
    people = [guest] + [
        person(role, at=at) for role in Role.values for at in (brigade, squadron, elsewhere, meeting.unit)
    ]
    readers = {one.pk for one in people if Meeting.objects.visible_to(one).filter(pk=meeting.pk).exists()}
    assert readers == {reason.person.pk for reason in queries.who_can_see(meeting)}


def test_whoever_does_not_see_a_record_does_not_see_its_readers(client, meeting, officer):
    as_(client, officer)
    assert client.get(f"/org/access/meetings.meeting/{meeting.pk}/").status_code == 404
    for kind in ("org.person", "nothing.here", "nothing"):
        assert client.get(f"/org/access/{kind}/{meeting.pk}/").status_code == 404


# Two administrators, one person


def opened(client, address):
    """What the form says when it is opened, as a browser would send it back."""
    page = client.get(address)
    typed = {name: value or "" for name, value in page.context["form"].initial.items()}
    return typed | {"base": page.context["base"]}


def test_two_people_who_change_one_person_lose_nothing(client, officer, system_admin, brigade):
    other = person("system_admin", at=brigade, name="管理乙")
    address = f"/org/people/{officer.pk}/change/"
    typed = opened(as_(client, system_admin), address)
    client.force_login(other)
    assert client.post(address, opened(client, address) | {"name": "曾玮"}).status_code == 302
    client.force_login(system_admin)
    answer = client.post(address, typed | {"kind": "auxiliary"}, follow=True)
    assert "管理乙改的姓名也留着" in answer.text
    officer.refresh_from_db()
    assert (officer.name, officer.kind, officer.version) == ("曾玮", "auxiliary", 3)


def test_the_same_field_is_shown_side_by_side_and_nothing_is_saved_before_one_is_picked(
    client, officer, system_admin, brigade
):
    other = person("system_admin", at=brigade, name="管理乙")
    address = f"/org/people/{officer.pk}/change/"
    typed = opened(as_(client, system_admin), address)
    client.force_login(other)
    client.post(address, opened(client, address) | {"name": "曾玮", "phone": "13863510001"})
    client.force_login(system_admin)
    answer = client.post(address, typed | {"name": "曾伟伟", "phone": "13863510002"})
    assert answer.status_code == 409
    assert "有2处你和别人都改了" in answer.text and "曾玮" in answer.text and "管理乙" in answer.text
    assert "已改，不显示" in answer.text and "13863510001" not in answer.text
    officer.refresh_from_db()
    assert (officer.name, officer.phone_tail) == ("曾玮", "0001")
    again = {name: answer.context["form"][name].value() for name in ("name", "kind", "phone", "version")}
    again |= {"base": answer.context["base"], "take-name": "mine", "take-phone": "theirs"}
    assert client.post(address, again).status_code == 302
    officer.refresh_from_db()
    assert (officer.name, officer.phone_tail) == ("曾伟伟", "0001")


def test_what_comes_without_a_base_is_refused_when_it_is_old(client, officer, system_admin):
    as_(client, system_admin)
    address = f"/org/people/{officer.pk}/change/"
    sent = {"name": "曾玮", "kind": officer.kind, "version": 1}
    assert client.post(address, sent).status_code == 302
    answer = client.post(address, sent | {"name": "曾伟伟"})
    assert answer.status_code == 409 and f"刚被{system_admin.name}改过" in answer.text and "曾伟伟" in answer.text
