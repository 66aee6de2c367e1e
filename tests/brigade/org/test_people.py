"""People come, move and go; roles are given and taken by another hand than accounts."""

from datetime import date, timedelta

import pytest

from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed, Refused
from brigade.org import actions, rules
from brigade.org.models import Person
from brigade.org.queries import holders, holders_of, people_of
from brigade.org.states import ADMIN_ROLES, Role, Tree
from tests.brigade.org.factories import LONG_AGO, grant, person, unit

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def morning(time_machine):
    time_machine.move_to("2026-11-22 09:00 +0800")


@pytest.fixture
def officer(squadron):
    return person(at=squadron)


def again(one):
    return type(one).objects.get(pk=one.pk)


def enrol(by, at, **fields):
    values = {"police_no": "037210", "name": "曾伟", "unit": at, "starts_on": TODAY, "phone": "13863512345"} | fields
    return actions.enrol_person(by=by, **values)


def give(by, to, role, at, **fields):
    return actions.grant_role(by=by, person=to, role=role, unit=at, starts_on=fields.pop("starts_on", TODAY), **fields)


# Enrolling and posting


def test_a_new_person_works_somewhere_and_cannot_sign_in_yet(system_admin, squadron):
    new = enrol(system_admin, squadron)
    assert new.unit == squadron and not new.has_usable_password()
    assert list(people_of(squadron.pk, TODAY)) == [new]
    assert not new.has_perm("org.view_unit")


def test_a_person_is_found_by_number_name_pinyin_and_initials_with_the_surname_read_as_one(system_admin, squadron):
    new = enrol(system_admin, squadron)
    for typed in ("037210", "曾伟", "zengwei", "zw", "ZW", "zeng 0372"):
        assert list(Person.objects.found_by(typed)) == [new], typed
    assert not Person.objects.found_by("zw 9999").exists()


def test_a_number_is_given_once_whatever_its_letters(system_admin, squadron):
    enrol(system_admin, squadron, police_no="D10237")
    with pytest.raises(Refused, match="已登记过"):
        enrol(system_admin, squadron, police_no="d10237")


def test_the_phone_is_sealed_and_only_its_tail_can_be_listed(system_admin, squadron):
    new = enrol(system_admin, squadron)
    assert "13863512345" not in new.phone_sealed and new.phone_tail == "2345"
    assert rules.unsealed(new, "phone") == "13863512345"
    assert Person.objects.get(phone_index=rules.look_up(Person, "phone", "138 6351 2345")) == new


def test_a_transfer_ends_one_post_and_begins_the_next_on_the_same_day(system_admin, officer, squadron, brigade):
    second = unit("二中队", parent=brigade)
    actions.post_person(by=system_admin, person=officer, unit=second, starts_on=TODAY, title="副中队长")
    assert not people_of(squadron.pk, TODAY).exists()
    assert list(people_of(squadron.pk, TODAY - timedelta(days=1))) == [officer]
    assert again(officer).unit == second


def test_a_transfer_ahead_counts_from_its_day(system_admin, officer, squadron, brigade):
    second = unit("二中队", parent=brigade)
    actions.post_person(by=system_admin, person=officer, unit=second, starts_on=TOMORROW)
    assert again(officer).unit == squadron
    assert list(people_of(second.pk, TOMORROW)) == [officer]


def test_a_post_does_not_begin_before_the_present_one(system_admin, officer, squadron):
    actions.post_person(by=system_admin, person=officer, unit=squadron, starts_on=TODAY)
    with pytest.raises(Refused, match="不能早于这一天"):
        actions.post_person(by=system_admin, person=officer, unit=squadron, starts_on=TODAY - timedelta(days=1))


def test_a_post_entered_by_mistake_is_corrected_on_the_same_day(system_admin, officer, squadron, brigade):
    second = unit("二中队", parent=brigade)
    actions.post_person(by=system_admin, person=officer, unit=second, starts_on=TODAY)
    actions.post_person(by=system_admin, person=officer, unit=squadron, starts_on=TODAY)
    assert again(officer).unit == squadron
    assert not people_of(second.pk, TODAY).exists()


def test_a_post_ends_once_and_not_before_it_began(system_admin, officer):
    with pytest.raises(Refused, match="止日早于起日"):
        actions.end_posting(by=system_admin, person=officer, ends_on=LONG_AGO - timedelta(days=1))
    actions.end_posting(by=system_admin, person=officer, ends_on=TODAY)
    with pytest.raises(Refused, match="没有任职"):
        actions.end_posting(by=system_admin, person=officer, ends_on=TODAY)


def test_the_account_of_somebody_enrolled_and_gone_on_one_day_can_still_be_stopped(system_admin, squadron):
    new = actions.enrol_person(
        by=system_admin, police_no="037190", name="黎小川", unit=squadron, starts_on=TODAY, kind="officer"
    )
    actions.end_posting(by=system_admin, person=new, ends_on=TODAY)
    actions.disable_account(by=system_admin, person=again(new), reason="登记错了")
    assert not again(new).is_active


def test_a_correction_keeps_the_phone_unless_a_new_one_is_given(system_admin, squadron):
    new = enrol(system_admin, squadron)
    actions.change_person(by=system_admin, person=new, name="曾玮", kind="officer")
    assert again(new).phone_tail == "2345" and again(new).name == "曾玮"
    actions.change_person(by=system_admin, person=new, name="曾玮", kind="officer", phone="13863519999")
    assert again(new).phone_tail == "9999"
    assert "9999" not in AuditEvent.objects.filter(verb="person.changed").order_by("-id").first().changes_text


# Grants


def test_giving_somebody_access_takes_two_people(system_admin, security_admin, officer, squadron):
    with pytest.raises(NotAllowed):
        give(system_admin, officer, Role.CLERK, squadron)
    with pytest.raises(NotAllowed):
        enrol(security_admin, squadron)
    give(security_admin, officer, Role.CLERK, squadron)
    assert again(officer).roles == {"clerk"}


def test_a_grant_reaches_the_unit_and_all_below_it_and_nothing_else(security_admin, officer, squadron, brigade):
    post, other = unit("铁塔岗", parent=squadron), unit("二中队", parent=brigade)
    give(security_admin, officer, Role.CLERK, squadron)
    officer = again(officer)
    assert officer.units_for("org.view_unit") == {squadron.pk, post.pk}
    assert officer.has_perm("org.view_unit", post)
    assert not officer.has_perm("org.view_unit", other) and not officer.has_perm("org.view_unit", brigade)


@pytest.mark.parametrize(
    ("days", "is_reached"),
    [
        ({}, True),
        ({"opened_on": TOMORROW}, False),
        ({"closed_on": TODAY}, False),
        ({"closed_on": TOMORROW}, True),
    ],
)
def test_a_tree_is_reached_through_a_unit_of_it_that_is_open_today(
    security_admin, officer, squadron, brigade, days, is_reached
):
    unit("车管所大厅", parent=squadron, tree=Tree.HALL, **days)
    unit("别处的大厅", parent=brigade, tree=Tree.HALL)
    give(security_admin, officer, Role.CLERK, squadron)
    officer = again(officer)
    assert officer.reaches("org.view_unit", Tree.LINE)
    assert officer.reaches("org.view_unit", Tree.HALL) is is_reached
    assert not officer.reaches("org.view_unit", Tree.PARTY)


def test_what_several_permissions_cover_alike_is_asked_of_the_database_once(
    security_admin, officer, squadron, django_assert_num_queries
):
    give(security_admin, officer, Role.CLERK, squadron)
    officer = again(officer)
    assert officer.roles == {"clerk"}
    with django_assert_num_queries(1):
        assert officer.units_for("org.view_unit") == officer.units_for("org.view_person") == {squadron.pk}
        assert not officer.reaches("org.view_unit", Tree.HALL)


def test_a_grant_counts_from_its_first_day_to_the_day_before_its_end(security_admin, officer, squadron, time_machine):
    give(security_admin, officer, Role.CLERK, squadron, starts_on=TOMORROW, ends_on=TOMORROW + timedelta(days=1))
    assert not again(officer).roles
    time_machine.shift(24 * 3600)
    assert again(officer).roles == {"clerk"}
    time_machine.shift(24 * 3600)
    assert not again(officer).roles


@pytest.mark.parametrize("first", sorted(ADMIN_ROLES))
@pytest.mark.parametrize("second", sorted({*ADMIN_ROLES, Role.CLERK}))
def test_an_administrator_role_stands_alone(security_admin, officer, brigade, first, second):
    if first == second:
        return
    give(security_admin, officer, first, brigade)
    with pytest.raises(Refused, match=r"不能与其他角色兼任|不能再授予其他角色"):
        give(security_admin, officer, second, brigade)


def test_whoever_has_a_business_role_becomes_no_administrator(security_admin, squadron, brigade):
    with pytest.raises(Refused, match="此人已有：内勤"):
        give(security_admin, person("clerk", at=squadron), Role.SYSTEM_ADMIN, brigade)


def test_a_role_that_ends_before_the_other_begins_is_no_conflict(security_admin, officer, brigade, squadron):
    give(security_admin, officer, Role.CLERK, squadron, ends_on=TOMORROW)
    assert give(security_admin, officer, Role.SYSTEM_ADMIN, brigade, starts_on=TOMORROW)


def test_nobody_grants_to_himself(security_admin, brigade):
    with pytest.raises(Refused, match="给自己"):
        give(security_admin, security_admin, Role.CLERK, brigade)


def test_a_security_administrator_grants_within_his_own_units_only(brigade, squadron, officer):
    keeper = person("security_admin", at=squadron)
    with pytest.raises(NotAllowed):
        give(keeper, officer, Role.BRIGADE_LEADER, brigade)


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"ends_on": TODAY - timedelta(days=1)}, "止日早于起日"),
    ({"starts_on": LONG_AGO - timedelta(days=400), "ends_on": None}, None),
])  # fmt: skip
def test_reversed_days_are_refused(security_admin, officer, squadron, fields, sentence):
    if sentence is None:
        assert give(security_admin, officer, Role.CLERK, squadron, **fields)
        return
    with pytest.raises(Refused, match=sentence):
        give(security_admin, officer, Role.CLERK, squadron, **fields)


def test_a_role_is_held_once_on_a_unit(security_admin, officer, squadron):
    give(security_admin, officer, Role.CLERK, squadron)
    with pytest.raises(Refused, match="已有这个角色"):
        give(security_admin, officer, Role.CLERK, squadron, ends_on=TOMORROW)


def test_a_closed_unit_and_a_stopped_account_get_no_grants(system_admin, security_admin, officer, brigade):
    closed = unit("撤了的中队", parent=brigade, closed_on=TODAY)
    with pytest.raises(Refused, match="撤销"):
        give(security_admin, officer, Role.CLERK, closed)
    actions.disable_account(by=system_admin, person=officer, reason="调离")
    with pytest.raises(Refused, match="停用"):
        give(security_admin, officer, Role.CLERK, brigade)


def test_a_grant_taken_back_today_is_gone_at_the_next_look(security_admin, officer, squadron):
    held = give(security_admin, officer, Role.CLERK, squadron)
    actions.end_grant(by=security_admin, grant=held, ends_on=TODAY)
    assert not again(officer).roles
    with pytest.raises(Refused, match="已于"):
        actions.end_grant(by=security_admin, grant=held, ends_on=TODAY)
    give(security_admin, officer, Role.CLERK, squadron)


def test_a_grant_that_was_used_is_not_taken_back_in_the_past(security_admin, squadron):
    held = person("clerk", at=squadron).grants.get()
    with pytest.raises(Refused, match="不能早于今天"):
        actions.end_grant(by=security_admin, grant=held, ends_on=TODAY - timedelta(days=1))


def test_the_last_security_administrator_stays(system_admin, security_admin, brigade, squadron):
    second = person("security_admin", at=squadron)
    with pytest.raises(Refused, match="最后一名安全管理员"):
        actions.end_grant(by=SYSTEM, grant=security_admin.grants.get(), ends_on=TODAY)
    with pytest.raises(Refused, match="最后一名安全管理员"):
        actions.disable_account(by=system_admin, person=security_admin, reason="调离")
    give(SYSTEM, person(at=brigade), Role.SECURITY_ADMIN, brigade)
    actions.end_grant(by=SYSTEM, grant=security_admin.grants.get(), ends_on=TODAY)
    actions.end_grant(by=SYSTEM, grant=second.grants.get(), ends_on=TODAY)


# Accounts


def test_nobody_stops_his_own_account_and_a_stop_has_a_reason(system_admin, officer):
    with pytest.raises(Refused, match="自己的账号"):
        actions.disable_account(by=system_admin, person=system_admin, reason="x")
    with pytest.raises(Refused, match="停用事由"):
        actions.disable_account(by=system_admin, person=officer, reason=" ")


def test_a_stopped_account_has_no_rights_and_gets_them_back_with_its_grants(system_admin, squadron):
    clerk = person("clerk", at=squadron)
    actions.disable_account(by=system_admin, person=clerk, reason="停职")
    assert not again(clerk).roles and not again(clerk).has_perm("org.view_unit")
    with pytest.raises(Refused, match="已经停用"):
        actions.disable_account(by=system_admin, person=clerk, reason="停职")
    actions.enable_account(by=system_admin, person=clerk)
    assert again(clerk).roles == {"clerk"}
    with pytest.raises(Refused, match="没有停用"):
        actions.enable_account(by=system_admin, person=clerk)


def test_a_given_password_must_be_changed_and_follows_the_rules(system_admin, officer):
    given = actions.reset_password(by=system_admin, person=officer)
    assert again(officer).check_password(given) and again(officer).must_change_password
    assert not rules.password_fault(given, police_no=officer.police_no, name_forms=[])


def test_one_administrator_does_not_become_the_other_by_a_new_password(system_admin, security_admin):
    with pytest.raises(Refused, match="控制台"):
        actions.reset_password(by=system_admin, person=security_admin)
    assert actions.reset_password(by=SYSTEM, person=security_admin)


def test_no_administrator_chooses_the_password_of_another(system_admin, officer):
    assert actions.reset_password(by=system_admin, person=officer, password="x", must_change=False) != "x"
    assert again(officer).must_change_password


# Sensitive fields


def test_a_sensitive_field_is_shown_for_a_reason_that_the_audit_keeps(system_admin, squadron):
    new = enrol(system_admin, squadron)
    leader = person("squadron_leader", at=squadron)
    assert actions.reveal(by=leader, target=new, field="phone", reason="夜间召回") == "13863512345"
    event = AuditEvent.objects.get(verb="field.revealed")
    assert (event.actor_id, event.target_id, event.note) == (leader.pk, str(new.pk), "夜间召回")
    assert "13863512345" not in event.sentence + event.changes_text


def test_without_a_reason_or_the_right_nothing_is_shown_and_an_own_field_needs_no_right(
    system_admin, squadron, officer
):
    new = enrol(system_admin, squadron)
    with pytest.raises(Refused, match="事由"):
        actions.reveal(by=person("clerk", at=squadron), target=new, field="phone", reason=" ")
    for stranger in (officer, system_admin):
        with pytest.raises(NotAllowed):
            actions.reveal(by=stranger, target=new, field="phone", reason="想看")
    with pytest.raises(Refused, match="不是敏感信息"):
        actions.reveal(by=new, target=new, field="password", reason="想看")
    assert actions.reveal(by=again(new), target=new, field="phone", reason="核对") == "13863512345"


# Posts


def test_a_post_is_answered_for_on_its_unit_else_by_the_nearest_above(brigade, squadron):
    clerk, chief = person("clerk", at=squadron), person("clerk", at=brigade)
    post = unit("铁塔岗", parent=squadron)
    assert holders(squadron.pk, "clerk", TODAY) == [clerk]
    assert holders(post.pk, "clerk", TODAY) == []
    assert holders(post.pk, "clerk", TODAY, up=True) == [clerk]
    grant(person(at=post, is_active=False), "clerk", post)
    assert holders(post.pk, "clerk", TODAY) == []
    assert holders(brigade.pk, "clerk", LONG_AGO - timedelta(days=1)) == []
    assert holders_of([(brigade.pk, "clerk"), (squadron.pk, "clerk")], TODAY)[brigade.pk, "clerk"] == [chief]


def test_many_posts_are_resolved_in_two_queries(brigade, django_assert_num_queries):
    posts = [(person("clerk", at=unit(parent=brigade)).unit_id, "clerk") for _squadron in range(5)]
    with django_assert_num_queries(2):
        found = holders_of(posts, TODAY, up=True)
    assert all(len(found[post]) == 1 for post in posts)
