"""One role for many, on the page and out of a sheet: all or nobody, and never what must be given one by one."""

from datetime import date, timedelta

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed, Refused
from brigade.ledgers.states import ImportState
from brigade.org import actions, queries
from brigade.org.models import Grant
from brigade.org.states import Role
from tests.brigade.ledgers.books import into, work
from tests.brigade.org.factories import grant, person, unit

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
URL, GIVE = "/org/grants/", "/org/grants/give/"
HEAD = ["警号", "姓名", "单位", "角色"]
upload, bring_in = into(URL, HEAD)


@pytest.fixture(autouse=True)
def morning(time_machine):
    time_machine.move_to("2026-11-23 09:00 +0800")


@pytest.fixture
def people(squadron):
    return [person(at=squadron, name=f"民警{sign}", police_no=f"R0000{n}") for n, sign in enumerate("甲乙丙")]


def give(by, people, role=Role.OFFICER, **how):
    return actions.grant_roles(**{"by": by, "people": people, "role": role, "unit": None, "starts_on": TODAY} | how)


# The action


def test_many_get_a_role_where_each_works_and_who_has_it_is_passed_over(security_admin, brigade, squadron, people):
    other = unit("二中队", parent=brigade)
    people.append(person(at=other))
    grant(people[0], "officer", squadron)
    given = give(security_admin, people, reason="入职")
    assert {(one.person, one.unit) for one in given} == {
        (people[1], squadron),
        (people[2], squadron),
        (people[3], other),
    }
    events = AuditEvent.objects.filter(verb="grant.given", actor_no=security_admin.police_no)
    assert sorted(events.values_list("target_id", "note")) == sorted((str(one.pk), "入职") for one in given)
    assert events.first().changes["starts_on"] == [None, "2026-11-23"]
    assert give(security_admin, people) == []


def test_many_get_a_role_on_one_unit_for_a_time(security_admin, brigade, people):
    given = give(security_admin, people, Role.CLERK, unit=brigade, ends_on=TODAY + timedelta(days=30))
    assert {(one.unit, one.ends_on) for one in given} == {(brigade, TODAY + timedelta(days=30))}
    grant(people[0], "inspector", brigade, starts_on=TODAY + timedelta(days=40))
    later = give(security_admin, people, Role.INSPECTOR, unit=brigade, ends_on=TODAY + timedelta(days=30))
    assert len(later) == 3


def test_whoever_cannot_have_it_is_named_and_nobody_gets_it(security_admin, brigade, squadron, people):
    admin = person("audit_admin", at=brigade, name="李查账")
    stopped = person(at=squadron, name="赵停用", is_active=False)
    nowhere = person(name="钱无岗")
    for extra, sentence in (
        (admin, "李查账是管理员，不能再授予其他角色"),
        (stopped, "赵停用的账号已停用"),
        (nowhere, "钱无岗没有任职单位"),
        (security_admin, "不能给自己授权"),
    ):
        with pytest.raises(Refused, match=sentence):
            give(security_admin, [*people, extra])
    many = [person(at=squadron, name=f"停用{n}", is_active=False) for n in range(6)]
    with pytest.raises(Refused, match="停用0、停用1、停用2、停用3、停用4等6人"):
        give(security_admin, many)
    assert not Grant.objects.filter(role="officer").exists()


def test_what_is_not_given_to_many(security_admin, system_admin, squadron, people):
    with pytest.raises(Refused, match="逐人授予"):
        give(security_admin, people, Role.SYSTEM_ADMIN)
    with pytest.raises(Refused, match="点选"):
        give(security_admin, [])
    with pytest.raises(Refused, match="一次最多授予500人，选了501人"):
        give(security_admin, people * 167)
    with pytest.raises(Refused, match="止日早于起日"):
        give(security_admin, people, ends_on=TODAY - timedelta(days=1))
    for by in (system_admin, person("security_admin", at=unit("邻县大队"))):
        with pytest.raises(NotAllowed):
            give(by, people)
        with pytest.raises(NotAllowed):
            give(by, people, unit=squadron)
    assert not Grant.objects.filter(person__in=people).exists()


def test_a_role_of_a_branch_is_given_on_a_branch_alone(security_admin, brigade, squadron, people):
    """Where the members work it would reach nothing, and nobody would notice."""
    branch = unit("一中队党支部", parent=brigade, tree="party")
    for where in (None, squadron):
        with pytest.raises(Refused, match="党员管的是党组织，一中队不是；“管到哪里”选支部"):
            give(security_admin, people, Role.MEMBER, unit=where)
    assert len(give(security_admin, people, Role.MEMBER, unit=branch)) == 3


def test_a_hundred_cost_no_more_queries_than_three(security_admin, squadron, people, django_assert_max_num_queries):
    many = [person(at=squadron) for _n in range(100)]
    with django_assert_max_num_queries(16):
        give(security_admin, people)
    with django_assert_max_num_queries(16):
        give(security_admin, many)


# The page


def test_the_page_lists_who_may_get_it_and_gives_it_to_those_ticked_or_to_all(
    client, security_admin, brigade, squadron, people
):
    grant(people[0], "officer", squadron)
    person("audit_admin", at=squadron, name="李查账")
    person(at=squadron, name="外联络", kind="outside")
    client.force_login(security_admin)
    assert "选好角色和单位" in client.get(GIVE).text
    chosen = {"role": "officer", "where": brigade.pk, "unit": "", "starts_on": "2026-11-23"}
    listed = client.get(GIVE, chosen, headers={"HX-Request": "true"}).text
    assert "2人" in listed and "另有1人已有这个角色" in listed
    assert "民警乙" in listed and "民警甲" not in listed and "李查账" not in listed and "外联络" not in listed
    assert "外联络" in client.get(GIVE, chosen | {"kind": "outside"}).text
    assert "没有可以授予的人" in client.get(GIVE, chosen | {"kind": "auxiliary"}).text
    nobody = client.post(GIVE, chosen)
    assert nobody.status_code == 422 and "点选要授予的人。" in nobody.text and "民警乙" in nobody.text
    assert client.post(GIVE, chosen | {"people": [people[0].pk, people[1].pk]})["Location"] == URL
    assert "已授予1人，1人已有" in client.get(URL).text
    assert client.post(GIVE, chosen | {"all": "1"}).status_code == 302
    assert Grant.objects.filter(role="officer", unit=squadron).count() == 3


def test_a_refusal_keeps_who_was_ticked(client, security_admin, squadron, people):
    client.force_login(security_admin)
    chosen = {"role": "officer", "where": squadron.pk, "starts_on": "2026-11-23", "ends_on": "2026-11-01"}
    answer = client.post(GIVE, chosen | {"people": [people[1].pk]})
    assert answer.status_code == 422 and "止日早于起日" in answer.text
    assert f'value="{people[1].pk}"\n' in answer.text and answer.text.count("checked") == 1
    missing = client.post(GIVE, {"where": squadron.pk})
    assert missing.status_code == 422 and "选一个角色" in missing.text


def test_only_the_security_administrator_gives_and_lists(client, system_admin, squadron, people):
    for who in (system_admin, person("squadron_leader", at=squadron)):
        client.force_login(who)
        assert client.get(GIVE).status_code == client.get(URL).status_code == 403
        assert client.get(f"{URL}?import=new").status_code == 403


def test_the_list_shows_what_runs_in_constant_queries(
    client, security_admin, squadron, people, django_assert_max_num_queries
):
    grant(people[0], "clerk", squadron, ends_on=TODAY)
    grant(people[0], "officer", squadron)
    client.force_login(security_admin)
    client.get(URL)
    with django_assert_max_num_queries(13):
        client.get(URL)
    for each in people[1:]:
        grant(each, "officer", squadron)
    with django_assert_max_num_queries(13):
        text = client.get(URL).text
    assert people[0].get_absolute_url() in text and "内勤" not in text.split("<tbody")[1]
    assert "内勤" in client.get(f"{URL}?running=0").text.split("<tbody")[1]
    assert "民警乙" not in client.get(f"{URL}?q=R00000").text.split("<tbody")[1]


# The sheet


def test_the_roster_with_a_column_more_brings_the_roles(client, security_admin, brigade, squadron, people):
    branch = unit("一中队党支部", parent=brigade, tree="party")
    client.force_login(security_admin)
    lines = [
        ["R00000", "民警甲", "一中队", "民警、中队长"],
        ["R00001", "民警乙", "一中队", "民警"],
        [None, "民警丙", "一中队", "无"],
        [None, "民警丙", "一中队党支部", "党员 记录员"],
    ]
    run = bring_in(client, lines)
    assert (run.state, run.counts) == (ImportState.DONE, {"total": 4, "new": 3, "known": 1, "faulty": 0}), run.error
    assert {(one.person.name, one.role, one.unit) for one in Grant.objects.filter(person__in=people)} == {
        ("民警甲", "officer", squadron),
        ("民警甲", "squadron_leader", squadron),
        ("民警乙", "officer", squadron),
        ("民警丙", "member", branch),
        ("民警丙", "recorder", branch),
    }
    assert AuditEvent.objects.filter(verb="grant.given", note="导入").count() == 5
    assert upload(client, lines).counts["known"] == 4


def test_without_a_unit_the_role_is_where_he_works(client, security_admin, squadron, people):
    client.force_login(security_admin)
    run = bring_in(client, [["R00000", "民警甲", "民警", "2026-12-31"]], head=["警号", "姓名", "角色", "止"])
    assert run.state == ImportState.DONE, run.error
    given = people[0].grants.get()
    assert (given.unit, given.starts_on, given.ends_on) == (squadron, TODAY, date(2026, 12, 31))
    abroad = person(at=unit("邻县大队"), name="外县人", police_no="W00001")
    grant(abroad, "officer", squadron)
    run = upload(client, [["W00001", "外县人", "民警"]], head=["警号", "姓名", "角色"])
    assert "没有在你范围内的任职单位" in client.get(f"{URL}?import={run.pk}").text


def test_faults_stand_at_their_cells(client, security_admin, system_admin, squadron, people):
    elsewhere = unit("邻县大队")
    client.force_login(security_admin)
    lines = [
        ["R00000", "民警甲", "一中队", "民敬"],
        ["R00001", "民警乙", "一中队", "系统管理员"],
        ["R00002", "民警丙", "一中队", "支部书记"],
        [system_admin.police_no, system_admin.name, "一中队", "民警"],
        [security_admin.police_no, security_admin.name, "一中队", "民警"],
        ["R00000", "民警乙", "一中队", "民警"],
        ["R00002", "民警丙", elsewhere.name, "民警"],
        ["R00002", "民警丙", "一中队", "内勤"],
        ["R00002", "民警丙", "一中队", "内勤"],
        [None, "没有的人", "一中队", None],
    ]
    run = upload(client, lines)
    text = client.get(f"{URL}?import={run.pk}").text
    for sentence in (
        "没有“民敬”这个角色，是不是民警",
        "系统管理员在人员页逐人授予，不能从表里导入",
        "支部书记管的是党组织，一中队不是",
        "此人是系统管理员，不能再授予其他角色",
        "不能给自己授权",
        "警号R00000是民警甲",
        "没有“邻县大队”这个单位，或不在你的范围内",
        "内勤与第",
        "人员里没有“没有的人”",
        "不能为空",
    ):
        assert sentence in text, sentence
    assert run.counts["faulty"] == 9
    late = upload(client, [["R00000", "民警甲", "民警", "2026-11-23"]], head=["警号", "姓名", "角色", "止"])
    assert "止日要晚于今天" in client.get(f"{URL}?import={late.pk}").text


def test_undoing_takes_back_what_the_sheet_gave_and_leaves_what_was_there(client, security_admin, squadron, people):
    before = grant(people[0], "officer", squadron)
    client.force_login(security_admin)
    run = bring_in(client, [[one.police_no, one.name, "一中队", "民警、内勤"] for one in people])
    ended = people[1].grants.get(role="clerk")
    actions.end_grant(by=security_admin, grant=ended, ends_on=TODAY, reason="不当内勤")
    client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "表错了"})
    assert work(run).state == ImportState.UNDONE, run.error
    assert list(Grant.objects.filter(person__in=people).reaching(TODAY)) == [before]
    assert AuditEvent.objects.filter(verb="grant.ended", note="表错了").count() == 4
    assert bring_in(client, [["R00001", "民警乙", "一中队", "民警"]]).state == ImportState.DONE


def test_who_is_seconded_works_where_he_was_sent(brigade, system_admin, squadron, people):
    other = unit("二中队", parent=brigade)
    actions.second_person(
        by=system_admin, person=people[0], unit=other, starts_on=TODAY, ends_on=TODAY + timedelta(days=30)
    )
    assert queries.works_in([one.pk for one in people], TODAY) == {
        people[0].pk: other,
        people[1].pk: squadron,
        people[2].pk: squadron,
    }
