"""Every move by its page: what it asks, what a refusal keeps, and that a second click makes nothing twice."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.org.states import PersonKind, Role
from enforcement.hazards import actions
from enforcement.hazards.forms import FORMS
from enforcement.hazards.models import Hazard
from tests.brigade.org.factories import person, unit
from tests.enforcement.hazards.world import (
    HERE,
    accepted,
    category,
    closed,
    controlled,
    drawn,
    graded,
    notified,
    photo,
    rectifying,
    registered,
    reported,
    submitted,
)

pytestmark = pytest.mark.django_db
in_full = pytest.mark.django_db(transaction=True)
"""Refused inside the door: what was begun is rolled back, and the page is drawn after that."""


@pytest.fixture
def day() -> str:
    """Yesterday at eight: all that the worlds make of it lies before now."""
    return f"{timezone.localdate() - timedelta(days=1):%Y-%m-%d}T08:00"


def upload(who, name="现场.jpg") -> str:
    return str(photo(who, timezone.now(), drawn()).file_id)


def do(client, who, hazard, code, status=302, **fields):
    client.force_login(who)
    address = f"{hazard.get_absolute_url()}moves/{code}/"
    answer = client.post(address, {"version": hazard.version, **fields})
    assert answer.status_code == status, answer.content.decode()[-3000:]
    hazard.refresh_from_db()
    return answer.content.decode()


def tomorrow(days=30) -> str:
    return f"{timezone.localdate() + timedelta(days=days):%Y-%m-%d}"


def test_every_move_that_a_person_makes_has_a_form():
    assert FORMS.keys() == actions.MAKE.keys()


def test_one_hazard_goes_all_the_way_by_its_pages(client, world, day):
    hazard = reported(world, day)
    do(client, world.captain, hazard, "register", note="现场核实")
    do(client, world.clerk, hazard, "grade", suggestion="加装减速带")
    do(client, world.clerk, hazard, "notify", owner=world.highway.pk, due_on=tomorrow(), signed_by=world.deputy.pk)
    do(client, world.liaison, hazard, "accept")
    do(client, world.liaison, hazard, "start")
    do(client, world.liaison, hazard, "progress", note="材料到场", photos=upload(world.liaison))
    do(client, world.liaison, hazard, "submit", note="装好了", completed_on=timezone.localdate())
    checks = ["matches", "standard", "works", "cleared"]
    at = {"lat": HERE.lat, "lon": HERE.lon}
    seen = upload(world.other)
    do(client, world.other, hazard, "verify", second=world.captain.pk, checks=checks, photos=seen, **at)
    assert hazard.state == "closed"
    do(client, world.captain, hazard, "recheck", note="完好")
    due = {"reason": "又坏了", "due_on": tomorrow(20)}
    do(client, world.captain, hazard, "reopen", photos=upload(world.captain), **due)
    assert hazard.state == "rectifying" and hazard.reopen_count == 1


def test_grading_and_a_notice_in_word_take_five_clicks(client, world, day):
    """A8: the question of each step opens filled in, so that to agree is one click; the fifth is the document."""
    hazard = registered(world, day)
    client.force_login(world.clerk)
    clicks = 0
    for code in ("grade", "notify"):
        at = hazard.get_absolute_url()
        assert f"{at}moves/{code}/" in client.get(at).content.decode()
        form = client.get(f"{at}moves/{code}/").context["form"]
        sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
        sent = {name: getattr(value, "pk", value) for name, value in sent.items()}
        assert client.post(f"{at}moves/{code}/", sent).status_code == 302, sent
        clicks += 2
    hazard.refresh_from_db()
    assert (hazard.state, hazard.owner) == ("notified", world.highway)
    text = client.get(hazard.get_absolute_url()).content.decode()
    word = re.search(r'href="([^"]+/documents/\d+/)"', text)[1]
    answer = client.get(word)
    assert "wordprocessingml" in answer["Content-Type"]
    answer.getvalue()
    assert clicks + 1 <= 6


def test_a_notice_opens_with_the_usual_owner_day_and_signer(client, world, day):
    hazard = graded(world, day, category=category("barriers"), description="护栏缺口")
    client.force_login(world.clerk)
    form = client.get(f"{hazard.get_absolute_url()}moves/notify/").context["form"]
    assert form["owner"].value() == world.highway.pk
    assert form["signed_by"].value() == world.deputy.pk
    assert form["due_on"].value() > timezone.localdate()


REFUSED = [
    ("notify", {"due_on": "2020-01-01"}, "整改期限最早是通知的第二天"),
    ("notify", {"due_on": "明天"}, "日期写成2026-06-26这样"),
    ("notify", {"owner": ""}, "请选“责任单位”。"),
    ("notify", {"owner": "9" * 40}, "选的不在可选范围内，请重新选"),
]


@pytest.mark.parametrize(("code", "wrong", "sentence"), REFUSED)
def test_a_refused_notice_keeps_what_was_typed(client, world, day, code, wrong, sentence):
    hazard = graded(world, day)
    given = {"owner": world.highway.pk, "due_on": tomorrow(), "signed_by": world.deputy.pk, "suggestion": "加装护栏"}
    text = do(client, world.clerk, hazard, code, status=422, **(given | wrong))
    assert text.count(sentence) == 1
    assert "加装护栏" in text
    assert hazard.state == "graded"


def test_a_photo_survives_a_refused_form(client, world, day):
    hazard = rectifying(world, day)
    seen = upload(world.liaison)
    text = do(client, world.liaison, hazard, "submit", 422, note="", completed_on=tomorrow(-1), photos=seen)
    assert "写明做了什么" in text
    assert f'value="{seen}"' in text


@in_full
def test_a_photo_of_before_is_not_taken_for_one_of_after(client, world, day):
    same = drawn(seed=3)
    hazard = rectifying(world, day, photos=[photo(world.officer, day, same)])
    again = str(photo(world.liaison, timezone.now(), same).file_id)
    given = {"note": "好了", "completed_on": timezone.localdate(), "photos": again}
    assert "这张就是整改前的照片" in do(client, world.liaison, hazard, "submit", 422, **given)


@in_full
def test_a_photo_that_somebody_else_uploaded_is_refused(client, world, day):
    hazard = rectifying(world, day)
    foreign = upload(world.clerk)
    assert "照片没有传上来" in do(client, world.liaison, hazard, "progress", 422, note="进展", photos=foreign)
    client.force_login(world.liaison)
    assert client.get(f"/enforcement/hazards/photos/{foreign}/").status_code == 404


@in_full
def test_a_double_click_makes_one_step(client, world, day):
    hazard = registered(world, day)
    seen = hazard.version
    do(client, world.clerk, hazard, "grade")
    client.force_login(world.clerk)
    again = client.post(f"{hazard.get_absolute_url()}moves/grade/", {"version": seen})
    assert again.status_code == 409
    assert AuditEvent.objects.filter(target_id=str(hazard.pk), verb="hazard.graded", result="ok").count() == 1


def test_what_came_on_paper_is_written_down_with_who_and_when(client, world, day):
    hazard = notified(world, day)
    text = do(client, world.clerk, hazard, "accept", 422, signed_name="", signed_at="")
    assert "代录回执要写明签收人" in text and "写明时间" in text
    at = timezone.localtime(hazard.delivered_at) + timedelta(hours=1)
    do(client, world.clerk, hazard, "accept", signed_name="马会良", signed_at=f"{at:%Y-%m-%d %H:%M}")
    assert (hazard.state, hazard.is_on_paper, hazard.accepted_name) == ("accepted", True, "马会良")


def test_the_liaison_signs_with_one_click_and_is_asked_nothing(client, world, day):
    hazard = notified(world, day)
    client.force_login(world.liaison)
    buttons = {row["label"]: row for row in client.get(hazard.get_absolute_url()).context["moves"]}
    assert buttons["签收"]["confirm"] == "" and buttons["签收"]["main"]
    client.force_login(world.clerk)
    buttons = {row["label"]: row for row in client.get(hazard.get_absolute_url()).context["moves"]}
    assert buttons["签收"]["confirm"]


def test_a_major_hazard_needs_a_second_grader_and_all_five_of_its_plan(client, world, day):
    hazard = registered(world, day)
    assert "第二名定级人" in do(client, world.deputy, hazard, "grade_major", 422)
    do(client, world.deputy, hazard, "grade_major", second_grader=world.captain.pk)
    assert hazard.second_grader == world.captain
    do(client, world.captain, hazard, "control", measures="限速40")
    do(client, world.clerk, hazard, "notify", owner=world.highway.pk, due_on=tomorrow(), signed_by=world.deputy.pk)
    do(client, world.liaison, hazard, "accept")
    text = do(client, world.liaison, hazard, "start", 422, plan_measures="加装护栏")
    assert "请填“资金”。" in text and "加装护栏" in text
    plan = {"plan_funds": "已列预算", "plan_person": "马会良", "plan_due_on": tomorrow(), "plan_emergency": "派人值守"}
    do(client, world.liaison, hazard, "start", plan_measures="加装护栏", **plan)
    assert hazard.state == "rectifying"


VERIFY = {"checks": ["matches", "standard", "works", "cleared"]}


@in_full
@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({}, "要现场定位"),
        ({"lat": 36.47, "lon": 115.9855}, "请到现场核验"),
        ({"no_fix": "no_signal", "checks": ["matches"]}, "核验项没有全部通过"),
        ({"no_fix": "lazy"}, "没有“lazy”这一项"),
    ],
)
def test_a_verification_is_refused_beside_what_is_missing(client, world, day, more, sentence):
    hazard = submitted(world, day)
    seen = upload(world.other)
    text = do(client, world.other, hazard, "verify", 422, second=world.captain.pk, photos=seen, **(VERIFY | more))
    assert sentence in text
    assert f'value="{seen}"' in text
    assert hazard.state == "submitted"


def test_a_verifier_is_found_by_initials_and_told_from_a_namesake_by_his_number(client, world, day):
    hazard = submitted(world, day)
    world.captain.name = "单伟"
    world.captain.save(update_fields=["name"])
    client.force_login(world.other)
    page = client.get(f"{hazard.get_absolute_url()}moves/verify/").content.decode()
    option = re.search(rf'<option value="{world.captain.pk}"[^>]*>', page)[0]
    assert "shanwei sw" in option and "danwei dw" in option and f'data-note="{world.captain.police_no}"' in option


def test_only_police_are_offered_as_second_verifier(client, world, day):
    hazard = submitted(world, day)
    client.force_login(world.other)
    offered = client.get(f"{hazard.get_absolute_url()}moves/verify/").context["form"].fields["second"].queryset
    assert world.captain in offered
    assert not {world.other, world.auxiliary, world.liaison} & set(offered)
    assert not offered.exclude(kind=PersonKind.OFFICER).exists()
    names = list(offered)
    assert names.index(world.captain) < names.index(world.clerk)  # whoever works where the hazard lies is at hand


@in_full
def test_the_other_moves_of_the_way(client, world, day):
    hazard = accepted(world, day)
    do(client, world.liaison, hazard, "ask_extension", days=5, reason="等材料")
    assert "已经有一次延期申请在等审批" in do(
        client, world.liaison, hazard, "ask_extension", 422, days=5, reason="再要"
    )
    due = hazard.due_at
    do(client, world.deputy, hazard, "grant_extension", answer="同意")
    assert hazard.due_at == due + timedelta(days=5)
    do(client, world.liaison, hazard, "ask_extension", days=5, reason="还等")
    do(client, world.deputy, hazard, "refuse_extension", reason="够了")
    do(client, world.captain, hazard, "control", measures="锥桶")
    number = "东政办〔2025〕9号"
    do(client, world.deputy, hazard, "defer", document_no=number, review_on=tomorrow(40), reason="并入改建")
    assert hazard.state == "deferred"
    do(client, world.deputy, hazard, "resume")
    assert hazard.state == "accepted"
    given = {"level": "county", "document_no": "东安委3号", "leader": "区领导甲", "listed_on": timezone.localdate()}
    do(client, world.office, hazard, "list", **given)
    assert hazard.open_listing is not None
    moved = {"owner": world.housing.pk, "due_on": tomorrow(), "signed_by": world.deputy.pk, "reason": "归住建"}
    do(client, world.office, hazard, "transfer", **moved)
    assert (hazard.state, hazard.owner) == ("notified", world.housing)
    do(client, world.stranger, hazard, "dispute", reason="不归住建")
    do(client, world.office, hazard, "uphold", reason="会商定了")
    assert hazard.disputed_at is None


def test_the_office_lists_for_the_county_and_the_clerk_what_came_from_above(client, world, day):
    hazard = rectifying(world, day)
    for who, levels in ((world.office, {"county"}), (world.clerk, {"city", "province", "ministry"})):
        client.force_login(who)
        form = client.get(f"{hazard.get_absolute_url()}moves/list/").context["form"]
        assert {value for value, _label in form.fields["level"].choices} == levels


def test_a_listing_ends_when_it_is_closed(client, world, day):
    hazard = rectifying(world, day)
    now = timezone.now() - timedelta(minutes=30)
    given = {"level": "county", "document_no": "东安委3号", "leader": "区领导甲", "listed_on": timezone.localdate(now)}
    actions.list_hazard(by=world.office, hazard=hazard, now=now, **given)
    Hazard.objects.filter(pk=hazard.pk).update(state="closed", closed_at=now)
    hazard.refresh_from_db()
    do(client, world.office, hazard, "delist", level="county", document_no="东安委30号")
    assert hazard.open_listing is None


def test_merging_offers_what_lies_near_and_takes_any_by_its_number(client, world, day):
    kept, same, far = reported(world, day), reported(world, day), reported(world, day, category=category("works"))
    client.force_login(world.clerk)
    offered = client.get(f"{same.get_absolute_url()}moves/merge/").context["form"].fields["target"].choices
    assert [value for value, _label in offered] == [str(kept.pk)]
    assert "选一处，或者写编号" in do(client, world.clerk, same, "merge", 422)
    assert "没有编号是XX的隐患" in do(client, world.clerk, same, "merge", 422, number="xx")
    do(client, world.clerk, same, "merge", target=str(kept.pk))
    assert (same.state, same.dup_of) == ("merged", kept)
    do(client, world.clerk, far, "merge", number=kept.number.lower())
    assert far.dup_of == kept


def test_who_gives_a_hazard_away_lands_in_the_ledger(client, world, day):
    hazard, other = registered(world, day), unit("二中队", parent=world.brigade)
    client.force_login(world.captain)
    answer = client.post(f"{hazard.get_absolute_url()}moves/reassign/", {"unit": other.pk}, follow=True)
    assert answer.status_code == 200
    hazard.refresh_from_db()
    assert hazard.unit == other


def test_a_correction_opens_with_what_was_written_and_changes_only_what_is_changed(client, world, day):
    hazard = reported(world, day, description="树挡视线")
    client.force_login(world.captain)
    form = client.get(f"{hazard.get_absolute_url()}moves/amend/").context["form"]
    opened = {name: form[name].value() for name in form.fields}
    assert (opened["description"], opened["lat"], opened["geo_source"]) == ("树挡视线", HERE.lat, "gps")
    sent = {name: value for name, value in opened.items() if value not in (None, False)}
    sent |= {"description": "树和墙挡视线", "version": hazard.version}
    do(client, world.captain, hazard, "amend", **sent)
    assert hazard.description == "树和墙挡视线"
    assert (float(hazard.lat), float(hazard.lon)) == tuple(HERE)


def test_a_correction_shows_the_place_on_the_map_and_never_asks_the_desk_where_it_stands(client, world, day):
    hazard = registered(world, day)
    client.force_login(world.clerk)
    text = client.get(f"{hazard.get_absolute_url()}moves/amend/").content.decode()
    assert "data-map-pick" in text and "css/map.css" in text
    assert "data-here-now" not in text
    for name in ("title", "stake_start", "lat", "town", "where", "source", "suggestion", "is_key"):
        assert text.count(f'name="{name}"') == 1, name


def test_who_reported_it_corrects_it_while_it_waits_but_decides_nothing_of_the_office(client, world, day):
    hazard = reported(world, day)
    client.force_login(world.officer)
    form = client.get(f"{hazard.get_absolute_url()}moves/amend/").context["form"]
    assert not {"is_key", "visibility", "cost_estimate"} & form.fields.keys()
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    do(client, world.officer, hazard, "amend", **(sent | {"where": "村口东侧", "version": hazard.version}))
    assert (hazard.place, hazard.visibility) == ("村口东侧", "internal")


def test_two_people_who_correct_different_things_both_keep_theirs(client, world, day):
    hazard = reported(world, day, description="树挡视线")
    address = f"{hazard.get_absolute_url()}moves/amend/"

    def opened(who):
        client.force_login(who)
        text = client.get(address).content.decode()
        form = client.get(address).context["form"]
        sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
        base = re.search(r'name="base" value="([^"]*)"', text)[1]
        return sent | {"base": unescape(base), "version": form["version"].value()}

    mine, theirs = opened(world.captain), opened(world.clerk)
    assert client.post(address, theirs | {"suggestion": "修剪行道树"}).status_code == 302
    client.force_login(world.captain)
    answer = client.post(address, mine | {"description": "树和墙挡视线"})
    assert answer.status_code == 302, answer.context["form"].errors
    hazard.refresh_from_db()
    assert (hazard.description, hazard.suggestion) == ("树和墙挡视线", "修剪行道树")
    assert client.post(address, mine | {"suggestion": "移走行道树"}).status_code == 409


def test_no_move_is_reached_by_who_may_not_make_it(client, world, day):
    hazard = closed(world, day)
    for who in (world.auxiliary, world.inspector, world.liaison):
        client.force_login(who)
        assert client.get(f"{hazard.get_absolute_url()}moves/recheck/").status_code == 403
    client.force_login(world.captain)
    assert client.get(f"{hazard.get_absolute_url()}moves/nothing/").status_code == 404
    assert client.get(f"{hazard.get_absolute_url()}moves/escalate/").status_code == 404


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUXILIARY, Role.CLERK, Role.SQUADRON_LEADER, Role.DEPUTY_LEADER])
def test_each_button_opens_its_question(client, world, day, role):
    """Every address that a page of a hazard offers answers, whatever state it is in."""
    who = person(role, at=world.brigade)
    client.force_login(who)
    for make in (reported, registered, graded, notified, rectifying, submitted, closed):
        hazard = make(world, day)
        if hazard.state == "graded":
            hazard = controlled(world, hazard, timezone.now())
        for row in client.get(hazard.get_absolute_url()).context["moves"]:
            if row["confirm"] and not row["why"]:
                assert client.get(row["confirm"], headers={"HX-Request": "true"}).status_code == 200, row
