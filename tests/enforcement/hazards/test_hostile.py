"""What a careless or a hostile person tries with hazards, where two rules meet."""

from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from brigade.kit.refusals import Refused
from brigade.org.states import Role
from enforcement.hazards import actions
from enforcement.hazards.rules import Place
from tests.brigade.org.factories import person, unit
from tests.enforcement.hazards.world import (
    accepted,
    at,
    closed,
    drawn,
    handed_in,
    later,
    notified,
    photo,
    rectifying,
    registered,
    reported,
    submitted,
    verified,
)

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"


def refusal(call) -> str:
    with pytest.raises(Refused) as caught, transaction.atomic():
        call()
    return str(caught.value)


def limit(hazard) -> str:
    return timezone.localdate(hazard.due_at).isoformat()


def reopened(world, hazard):
    return actions.reopen(
        by=world.captain,
        hazard=hazard,
        now=at("2025-06-01T09:00"),
        reason="标志又被撞倒",
        due_on=at("2025-06-11T09:00").date(),
        photos=[photo(world.captain, "2025-06-01T08:50")],
    )


# Limits


def test_what_the_first_owner_was_given_does_not_count_for_the_second(world):
    hazard = accepted(world, DAY, days=30)
    ask = partial(actions.ask_extension, hazard=hazard, reason="连日降雨")
    hazard = ask(by=world.liaison, now=at("2025-06-01T09:00"), days=30)
    hazard = actions.grant_extension(by=world.deputy, hazard=hazard, now=at("2025-06-01T10:00"))
    now = at("2025-06-20T09:00")
    given = {"owner": world.housing, "due_on": at("2025-07-20T09:00").date(), "signed_by": world.deputy}
    hazard = actions.transfer(by=world.clerk, hazard=hazard, now=now, reason="路权已移交", **given)
    hazard = actions.accept(by=world.stranger, hazard=hazard, now=now)
    ask = partial(actions.ask_extension, by=world.stranger, hazard=hazard, now=at("2025-07-01T09:00"), reason="降雨")
    assert "每次延期不超过原期限30天" in refusal(lambda: ask(days=31))
    assert ask(days=30).extensions.count() == 2


def test_the_term_of_a_hazard_that_came_back_is_the_new_one(world):
    hazard = reopened(world, closed(world, "2025-01-06T08:00"))
    ask = partial(actions.ask_extension, by=world.liaison, hazard=hazard, now=at("2025-06-02T09:00"), reason="材料未到")
    assert "每次延期不超过原期限10天" in refusal(lambda: ask(days=11))
    assert ask(days=10).extensions.count() == 1


def test_an_extension_that_nobody_answered_before_the_closing_stands_in_nobody_s_way(world):
    hazard = rectifying(world, "2025-01-06T08:00")
    ask = partial(actions.ask_extension, by=world.liaison, days=5, reason="材料未到")
    hazard = ask(hazard=hazard, now=at("2025-01-06T13:30"))
    hazard = verified(world, handed_in(world, hazard, at("2025-01-06T14:00")), at("2025-01-06T15:00"))
    hazard = ask(hazard=reopened(world, hazard), now=at("2025-06-02T09:00"))
    assert [row.answer for row in hazard.extensions.order_by("seq")] == ["已销号", ""]


def test_days_that_a_hazard_was_deferred_are_not_lost_when_an_extension_is_granted(world):
    hazard = accepted(world, DAY, days=30)
    hazard = actions.ask_extension(
        by=world.liaison, hazard=hazard, now=at("2025-05-20T09:00"), days=10, reason="连日降雨"
    )
    hazard = actions.control(by=world.captain, hazard=hazard, now=at("2025-05-20T10:00"), measures="锥桶")
    hazard = deferred(world, hazard, "2025-05-21T09:00")
    hazard = actions.resume(by=world.deputy, hazard=hazard, now=at("2025-05-31T09:00"))
    assert limit(hazard) == "2025-06-15"
    hazard = actions.grant_extension(by=world.deputy, hazard=hazard, now=at("2025-06-01T10:00"))
    assert limit(hazard) == "2025-06-25"
    assert hazard.extensions.get().new_due_at == hazard.due_at


def test_days_on_which_the_clock_stood_still_twice_over_count_once(world):
    hazard = notified(world, DAY, days=30)
    hazard = actions.control(by=world.captain, hazard=hazard, now=at("2025-05-06T12:00"), measures="锥桶")
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=at("2025-05-10T09:00"), reason="不归我们管")
    hazard = deferred(world, hazard, "2025-05-15T09:00")
    hazard = actions.resume(by=world.deputy, hazard=hazard, now=at("2025-05-25T09:00"))
    hazard = actions.uphold(by=world.office, hazard=hazard, now=at("2025-05-30T09:00"), reason="会商维持")
    assert limit(hazard) == "2025-06-25"  # 5 June and the 20 days from 10 to 30 May


def deferred(world, hazard, moment):
    day = at("2025-06-21T09:00").date()
    return actions.defer(
        by=world.deputy, hazard=hazard, now=at(moment), document_no="会议纪要3号", review_on=day, reason="等资金"
    )


# Photos


def test_a_photo_that_hangs_there_already_is_refused_in_a_sentence(world):
    own = photo(world.liaison, later(DAY, hours=6))
    hazard = rectifying(world, DAY)
    hazard = actions.progress(by=world.liaison, hazard=hazard, now=later(DAY, hours=6), note="进场", photos=[own])
    assert "已经在这处隐患里" in refusal(lambda: handed_in(world, hazard, later(DAY, hours=7), photos=[own]))


def test_the_photo_of_an_earlier_repair_is_none_of_the_next(world):
    shown = drawn()
    hazard = rectifying(world, "2025-01-06T08:00")
    first = photo(world.liaison, "2025-01-06T13:59", shown)
    hazard = handed_in(world, hazard, at("2025-01-06T14:00"), photos=[first])
    hazard = reopened(world, verified(world, hazard, at("2025-01-06T15:00")))
    again = [photo(world.liaison, "2025-06-05T08:00", shown)]
    assert "整改前的照片" in refusal(lambda: handed_in(world, hazard, at("2025-06-05T09:00"), photos=again))


# People and units of elsewhere


def test_the_second_grader_is_police_of_the_brigade(world):
    far = person(Role.OFFICER, at=unit("阳谷大队"), name="远处民警")
    hazard = registered(world, DAY)
    for who in (world.liaison, world.auxiliary, far):
        call = partial(actions.grade_major, by=world.deputy, hazard=hazard, now=later(DAY, hours=2), second_grader=who)
        assert "不是本大队在岗的民警" in refusal(call)


def test_the_second_verifier_is_police_of_the_brigade_and_still_there(world):
    far = person(Role.OFFICER, at=unit("阳谷大队"), name="远处民警")
    hazard = submitted(world, DAY)
    assert "不是本大队在岗的民警" in refusal(lambda: verified(world, hazard, later(DAY, hours=7), second=far))
    world.captain.is_active = False
    world.captain.save()
    assert "不是本大队在岗的民警" in refusal(lambda: verified(world, hazard, later(DAY, hours=7)))


def test_no_hazard_is_put_upon_another_brigade(world):
    far = unit("阳谷大队")
    assert "本大队在用的" in refusal(lambda: reported(world, DAY, unit=far))
    hazard = reported(world, DAY)
    call = partial(actions.reassign, by=world.captain, hazard=hazard, unit=far, now=later(DAY, hours=1))
    assert "本大队在用的" in refusal(call)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
def test_a_number_that_is_none_is_no_place_to_stand(world, client, number):
    hazard = submitted(world, DAY)
    client.force_login(world.other)
    sent = {"version": hazard.version, "second": world.captain.pk, "checks": {"x": True}, "lat": number, "lon": 115.9}
    answer = client.post(f"/api/v1/hazards/{hazard.pk}/moves/verify/", sent, content_type="application/json")
    assert answer.status_code == 400


def test_the_two_carriageways_of_a_road_are_not_merged(world):
    up, down = (
        reported(world, DAY, direction=side, place=Place(road=world.road, stake_start="K6+200"))
        for side in ("up", "down")
    )
    merge = partial(actions.merge, by=world.clerk, target=up, now=later(DAY, hours=2))
    assert "在上行，和这一处分在道路两侧" in refusal(lambda: merge(hazard=down))
    both = reported(world, DAY, direction="both", place=Place(road=world.road, stake_start="K6+200"))
    assert merge(hazard=both).dup_of == up


# The owner's hand


def test_the_liaison_signs_with_his_own_name_and_now(world):
    hazard, now = notified(world, DAY), later(DAY, days=5)
    given = {"signed_name": "别人", "signed_at": later(DAY, hours=4)}
    hazard = actions.accept(by=world.liaison, hazard=hazard, now=now, **given)
    assert (hazard.accepted_name, hazard.accepted_at, hazard.is_on_paper) == (world.liaison.name, now, False)


def test_a_pause_after_the_limit_brings_no_letter_again(world):
    hazard = notified(world, DAY, days=30)  # until 5 June
    for day in ("2025-06-06", "2025-06-12"):
        actions.escalate_overdue(now=at(f"{day}T02:00"))
    hazard.refresh_from_db()
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=at("2025-06-13T09:00"), reason="不归我们管")
    actions.uphold(by=world.office, hazard=hazard, now=at("2025-06-16T09:00"), reason="会商维持")
    actions.escalate_overdue(now=at("2025-06-17T02:00"))
    steps = hazard.documents.filter(step__gt=0).order_by("issued_at").values_list("step", flat=True)
    assert list(steps) == [1, 7]
    actions.escalate_overdue(now=at("2025-06-23T02:00"))  # 15 days beyond 8 June
    assert list(steps.all()) == [1, 7, 15]
