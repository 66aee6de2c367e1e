"""The door: number and password, lockout by account and by address, first password, idle and absolute end."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import Refused
from brigade.org import actions
from brigade.org.models import Person, SignInTry
from tests.brigade.org.factories import PASSWORD, person

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


@pytest.fixture(autouse=True)
def morning(time_machine):
    time_machine.move_to("2026-11-23 07:50 +0800", tick=False)


@pytest.fixture
def officer(brigade):
    return person("officer", at=brigade, police_no="037101", name="周海峰", password=PASSWORD)


def enter(client, number="037101", password=PASSWORD, address="10.1.1.7", **extra):
    return client.post(LOGIN, {"police_no": number, "password": password, **extra}, REMOTE_ADDR=address)


def signed_in(client):
    return "_auth_user_id" in client.session


def test_number_and_password_lead_to_the_workbench(client, officer):
    assert client.get(LOGIN).status_code == 200
    assert enter(client)["Location"] == "/"
    assert client.get("/").status_code == 200
    assert AuditEvent.objects.get(verb="session.opened").actor_no == "037101"


def test_a_page_from_before_another_sign_in_says_how_to_go_on(client, officer):
    client.handler.enforce_csrf_checks = True
    answer = enter(client)
    assert answer.status_code == 403
    assert "旧页面不能再交" in answer.content.decode()


def test_the_number_counts_however_it_is_typed(client, officer):
    assert enter(client, " ０３７１０１ ")["Location"] == "/"


def test_the_person_is_told_of_the_sign_in_before(client, officer, time_machine):
    enter(client, address="10.1.1.7")
    client.post("/logout/")
    time_machine.shift(3600)
    enter(client, address="10.1.1.8")
    assert "上次登录：2026-11-23 07:50，地址10.1.1.7" in client.get("/").text


def test_a_new_session_key_is_given_at_the_door(client, officer):
    client.get(LOGIN)
    session = client.session
    session["seen_before"] = True
    session.save()
    before = session.session_key
    enter(client)
    assert client.session.session_key != before


@pytest.mark.parametrize(("asked", "goes_to"), [
    ("/org/people/?q=zhf", "/org/people/?q=zhf"),
    ("https://elsewhere.example/", "/"),
    ("//elsewhere.example/", "/"),
    ("javascript:alert(1)", "/"),
])  # fmt: skip
def test_the_way_back_leads_into_the_portal_only(client, officer, asked, goes_to):
    assert enter(client, next=asked)["Location"] == goes_to


def test_a_wrong_password_says_how_many_tries_are_left(client, officer):
    answer = enter(client, password="wrong")
    assert answer.status_code == 422
    assert "还可试4次" in answer.text and not signed_in(client)


def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(client, officer, time_machine):
    for left in (4, 3, 2, 1):
        assert f"还可试{left}次" in enter(client, password="wrong").text
    assert "锁定到08:05" in enter(client, password="wrong").text
    assert "账号已锁定，08:05后再试" in enter(client).text
    time_machine.shift(15 * 60 + 1)
    assert enter(client)["Location"] == "/"


def test_an_unknown_number_is_treated_like_a_known_one(client, officer):
    known = [enter(client, password="wrong").text for _try in range(6)]
    unknown = [enter(client, "990099", "wrong", "10.1.1.8").text for _try in range(6)]
    sentences = [[text.split('class="wrong"')[1].split("</p>")[0] for text in texts] for texts in (known, unknown)]
    assert sentences[0] == sentences[1]


def test_a_success_takes_the_failures_back(client, officer):
    for _try in range(4):
        enter(client, password="wrong")
    enter(client)
    client.post("/logout/")
    assert "还可试4次" in enter(client, password="wrong").text


def test_one_locked_account_leaves_its_station_alone(client, officer, brigade):
    person("officer", at=brigade, police_no="037102", password=PASSWORD)
    for _try in range(5):
        enter(client, password="wrong")
    assert enter(client, "037102")["Location"] == "/"


def test_fifty_failures_lock_an_address_and_no_other(client, officer):
    for n in range(50):
        enter(client, f"99{n:04}", "wrong", address="10.9.9.9")
    assert "从这个地址输错的次数太多" in enter(client, address="10.9.9.9").text
    assert enter(client, address="10.1.1.7")["Location"] == "/"


def test_a_lock_outlives_a_restart_and_keeps_no_typed_number(client, officer):
    enter(client, "MyPassword-1", "037101")
    row = SignInTry.objects.first()
    assert "mypassword" not in row.key.casefold() and len(row.key) == 64
    assert not AuditEvent.objects.filter(note__icontains="MyPassword").exists()
    assert AuditEvent.objects.get(verb="session.refused").result == "refused"


def test_counts_and_sessions_that_lost_their_meaning_are_removed(client, officer, time_machine):
    enter(client)
    enter(type(client)(), "990099")
    time_machine.shift(12 * 3600 + 1)
    actions.forget_sign_ins(now=timezone.now())
    assert not SignInTry.objects.exists() and not Session.objects.exists()


def test_a_disabled_account_does_not_come_in_and_is_told_why_only_with_the_right_password(client, officer):
    Person.objects.filter(pk=officer.pk).update(is_active=False)
    assert "停用" not in enter(client, password="wrong").text
    assert "账号已停用" in enter(client).text and not signed_in(client)


def test_signing_out_ends_the_session_and_is_noted(client, officer):
    enter(client)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == LOGIN
    assert not Session.objects.exists()
    assert AuditEvent.objects.filter(verb="session.closed", actor_no="037101").count() == 1


# The first password


def test_a_first_password_opens_one_page_only(client, brigade):
    person("officer", at=brigade, police_no="037103", password=PASSWORD, must_change_password=True)
    enter(client, "037103")
    assert client.get("/")["Location"] == "/password/"
    assert client.get("/org/people/")["Location"] == "/password/"
    assert client.get("/", headers={"HX-Request": "true"})["HX-Redirect"] == "/password/"
    assert client.get("/healthz").status_code == 200
    answer = client.post("/password/", {"current": PASSWORD, "new": "Xin-mima-2026", "again": "Xin-mima-2026"})
    assert answer["Location"] == "/"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(("new", "sentence"), [
    ("Kurz-1", "至少10位"),
    ("nurkleinbuchstaben", "三种"),
    ("zhouhaifeng-2026A", "警号或姓名"),
    ("Aa-037101-mm", "警号或姓名"),
    (PASSWORD, "最近5次"),
])  # fmt: skip
def test_a_poor_password_is_refused_with_its_reason(client, officer, new, sentence):
    enter(client)
    answer = client.post("/password/", {"current": PASSWORD, "new": new, "again": new})
    assert answer.status_code == 422 and sentence in answer.text


def test_the_last_five_passwords_do_not_come_back(officer):
    passwords = [f"Zhongdui-{n}xyz" for n in range(6)]
    current = PASSWORD
    for new in passwords:
        actions.set_password(by=Person.objects.get(pk=officer.pk), current=current, new=new)
        current = new
    by = Person.objects.get(pk=officer.pk)
    with pytest.raises(Refused, match="最近5次"):
        actions.set_password(by=by, current=current, new=passwords[1])
    assert actions.set_password(by=by, current=current, new=PASSWORD).check_password(PASSWORD)
    assert by.password_history.count() == 5


def test_changing_the_password_keeps_this_session_and_ends_the_others(client, officer):
    other = type(client)()
    enter(client)
    enter(other)
    client.post("/password/", {"current": PASSWORD, "new": "Xin-mima-2026", "again": "Xin-mima-2026"})
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_two_different_new_passwords_and_a_wrong_current_one_are_refused(client, officer):
    enter(client)
    assert (
        "两次输的不一样" in client.post("/password/", {"current": PASSWORD, "new": "Xin-mima-2026", "again": "x"}).text
    )
    wrong = client.post("/password/", {"current": "no", "new": "Xin-mima-2026", "again": "Xin-mima-2026"})
    assert "现在的密码不对" in wrong.text


# The end of a session


def test_half_an_hour_without_a_request_ends_the_session(client, officer, time_machine):
    enter(client)
    time_machine.shift(29 * 60)
    assert client.get("/").status_code == 200
    time_machine.shift(30 * 60)
    assert client.get("/org/people/?q=zhf")["Location"] == "/login/?next=%2Forg%2Fpeople%2F%3Fq%3Dzhf&expired=1"
    assert "登录已过期" in client.get("/login/?expired=1").text
    assert AuditEvent.objects.filter(verb="session.expired").count() == 1


def test_twelve_hours_end_a_session_however_busy(client, officer, time_machine):
    enter(client)
    for _quarter in range(47):
        time_machine.shift(15 * 60)
        assert client.get("/").status_code == 200
    time_machine.shift(15 * 60)
    assert client.get("/").status_code == 302


def test_activity_is_written_down_at_most_once_a_minute(client, officer, time_machine, django_assert_num_queries):
    enter(client)
    client.get("/healthz")
    seen = client.session["seen_at"]
    time_machine.shift(59)
    client.get("/org/roles/")
    assert client.session["seen_at"] == seen
    time_machine.shift(2)
    client.get("/org/roles/")
    assert client.session["seen_at"] == seen + 61


def test_a_fragment_of_an_ended_session_gets_a_bare_401_so_that_the_form_stays(client, officer, time_machine):
    enter(client)
    time_machine.shift(31 * 60)
    answer = client.post("/org/people/enrol/", {"name": "x"}, headers={"HX-Request": "true"})
    assert answer.status_code == 401 and "登录已过期" in answer.text
    assert "HX-Redirect" not in answer and "Location" not in answer


def test_a_form_of_an_ended_session_leads_back_to_its_page(client, officer, time_machine):
    enter(client)
    time_machine.shift(31 * 60)
    answer = client.post("/org/people/1/post/", {}, headers={"Referer": "http://testserver/org/people/1/"})
    assert answer["Location"] == "/login/?next=%2Forg%2Fpeople%2F1%2F&expired=1"
    stranger = client.post("/org/people/1/post/", {}, headers={"Referer": "http://elsewhere.example/x"})
    assert stranger["Location"] == LOGIN


def test_a_disabled_account_is_out_at_its_next_request(client, officer, brigade):
    keeper = person("system_admin", at=brigade)
    enter(client)
    actions.disable_account(by=keeper, person=officer, reason="调离")
    assert client.get("/")["Location"] == LOGIN


def test_whoever_is_signed_in_skips_the_sign_in_page(client, officer):
    enter(client)
    assert client.get(LOGIN)["Location"] == reverse("workbench:home")
