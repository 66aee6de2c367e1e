"""Two at the same moment: one record, one winner, and the other is told so."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from brigade.kit.ids import new_id
from brigade.notices.models import Announcement
from brigade.org.models import DutyTurn, Grant, Posting, Unit
from brigade.org.states import Role
from brigade.reference.models import Counter
from partybuilding.branches.models import CommitteeSeat, PartyMember
from partybuilding.meetings.models import Decision, Leave, Meeting, Waiver
from services.requests.models import ServiceRequest
from tests.attack.test_input import desk, meeting
from tests.brigade.org.factories import person

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls: list[Callable]) -> list:
    """The answers of all calls, begun together, each in a thread with a connection of its own."""
    start, answers = Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Callable) -> None:
        start.wait()
        try:
            answers[number] = call()
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def browsers(client):
    """Several browsers of one person, or one of each."""

    def open_for(*people):
        found = [type(client)(raise_request_exception=False) for _person in people]
        for browser, who in zip(found, people, strict=True):
            browser.force_login(who)
        return found

    return open_for


def statuses(answers) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_a_form_sent_four_times_at_once_is_one_request(browsers, town):
    clerk, form = town.hall.clerk, desk(town)
    before = ServiceRequest.objects.count()
    sent = [lambda b=b: b.post("/services/requests/new/", form) for b in browsers(clerk, clerk, clerk, clerk)]
    assert statuses(at_once(sent)) == [302, 302, 302, 302]
    assert ServiceRequest.objects.count() == before + 1
    given = sum(Counter.objects.filter(unit_id=town.hall.hall.pk).values_list("last", flat=True))  # of every year
    assert given == ServiceRequest.objects.filter(unit=town.hall.hall).count(), "a number was lost"


def test_a_meeting_sent_twice_at_once_is_one_meeting(browsers, town):
    recorder, form = town.branch.recorder, meeting(town, backfill_reason="补录")
    before = Meeting.objects.count()
    sent = [lambda b=b: b.post("/party/meetings/new/", form) for b in browsers(recorder, recorder, recorder)]
    assert statuses(at_once(sent)) == [302, 302, 302]
    assert Meeting.objects.count() == before + 1


def test_leave_pressed_twice_at_once_is_one_leave(browsers, town):
    member = town.branch.members[2]
    address = reverse("meetings:leave_create", args=[town.announced.pk])
    sent = [lambda b=b: b.post(address, {"kind": "leave_sick", "reason": "看病"}) for b in browsers(member, member)]
    assert statuses(at_once(sent)) in ([302, 302], [302, 422])
    assert Leave.objects.filter(person=member).count() == 1


def test_a_waiver_pressed_twice_at_once_is_one_waiver(browsers, town):
    recorder = town.branch.recorder
    address = f"{reverse('meetings:waiver_create')}?unit={town.branch.pk}&requirement=MM&period=2026-Q3"
    sent = [lambda b=b: b.post(address, {"reason": "执勤高峰"}) for b in browsers(recorder, recorder)]
    assert statuses(at_once(sent)) in ([302, 302], [302, 422])
    assert Waiver.objects.filter(period="2026-Q3").count() == 1


def test_of_two_recorders_at_once_one_is_told_that_it_changed(browsers, town):
    """Both opened version 1 and both save: one wins, the other gets 409 and keeps what he typed."""
    recorder, secretary = town.branch.recorder, town.branch.secretary
    browsers(recorder)[0].post("/party/meetings/new/", meeting(town, backfill_reason="补录"))
    made = Meeting.objects.latest("created_at")
    address = reverse("meetings:meeting_edit", args=[made.pk])
    forms = [meeting(town, version=made.version, intent="save", place=place) for place in ("一楼", "二楼")]
    pairs = zip(browsers(recorder, secretary), forms, strict=True)
    answers = at_once(
        [lambda b=b, form=form: b.post(address, {**form, "backfill_reason": "补录"}) for b, form in pairs]
    )
    assert statuses(answers) == [302, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    made.refresh_from_db()
    assert {made.place} < {"一楼", "二楼"}
    assert ({"一楼", "二楼"} - {made.place}).pop() in loser.content.decode()


@pytest.mark.parametrize("page", [True, False])
def test_of_two_clerks_at_once_one_moves_the_request(browsers, town, page):
    version, people = town.request.version, (town.hall.clerk, town.hall.other)
    if page:
        address, sent = reverse("requests:servicerequest_move", args=[town.request.pk, "start"]), {"version": version}
        answers = at_once([lambda b=b: b.post(address, sent) for b in browsers(*people)])
        assert statuses(answers) == [302, 409]
    else:
        address, sent = f"/api/v1/requests/{town.request.pk}/moves/start/", {"version": version}
        calls = [lambda b=b: b.post(address, sent, content_type="application/json") for b in browsers(*people)]
        assert statuses(at_once(calls))[0] == 200
        assert statuses(at_once(calls)) == [409, 409] or statuses(at_once(calls)) == [422, 422]
    town.request.refresh_from_db()
    assert (town.request.state, town.request.version) == ("processing", version + 1)


def test_a_decision_finished_twice_is_finished_once(browsers, town):
    owner = town.branch.members[1]
    address = reverse("meetings:decision_move", args=[town.decision.pk, "finish"])
    sent = [lambda b=b: b.post(address, {"result": "修好了"}) for b in browsers(owner, owner)]
    assert statuses(at_once(sent)) == [302, 422]
    assert Decision.objects.get().version == town.decision.version + 1


def test_an_id_of_somebody_else_is_not_taken_over(browsers, town):
    """Who guesses or keeps the id of another's record gets a refusal, and the record stays as it is."""
    form = desk(town, id=str(town.request.pk), citizen_name="顶替")
    answer = browsers(town.hall.other)[0].post("/services/requests/new/", form)
    assert answer.status_code == 422
    town.request.refresh_from_db()
    assert town.request.citizen_name == "刘某某"
    sent = browsers(town.hall.other)[0].post("/services/requests/new/", desk(town, id=str(new_id())))
    assert sent.status_code == 302


@pytest.fixture
def pressed_twice(browsers):
    """The statuses of one form sent twice at once by one person."""

    def press(who, address, form):
        return statuses(at_once([lambda b=b: b.post(address, form) for b in browsers(who, who)]))

    return press


def test_a_unit_opened_twice_at_once_is_one_unit(pressed_twice, town):
    form = {
        "tree": "line", "kind": "squadron", "code": "X1", "name": "新中队", "short_name": "新",
        "opened_on": timezone.localdate(),
    }  # fmt: skip
    admin = person(Role.SYSTEM_ADMIN, at=town.brigade)
    assert pressed_twice(admin, reverse("workbench:unit_open", args=[town.brigade.pk]), form) == [302, 422]
    assert Unit.objects.filter(code="X1").count() == 1


def test_a_roster_sent_twice_at_once_is_one_roster(pressed_twice, town):
    today, leader = timezone.localdate(), person(Role.BRIGADE_LEADER, Role.CLERK, at=town.brigade)
    form = {"start": today, "end": today, "leaders": [leader.pk]}
    assert pressed_twice(leader, reverse("workbench:duty_arrange"), form) == [302, 302]
    assert DutyTurn.objects.get().person == leader


def test_a_posting_sent_twice_at_once_is_one_posting(pressed_twice, town):
    mover, admin = person(at=town.branch.unit), person(Role.SYSTEM_ADMIN, at=town.brigade)
    form = {"unit": town.other_hall.pk, "title": "民警", "starts_on": timezone.localdate()}
    assert pressed_twice(admin, reverse("workbench:person_post", args=[mover.pk]), form) == [302, 302]
    assert Posting.objects.filter(person=mover).count() == 2


@pytest.mark.parametrize("intent", ["publish", "draft"])
def test_an_announcement_sent_four_times_at_once_is_one(browsers, town, intent):
    """To people by name: no unit is held meanwhile, that would let one after the other in."""
    head = town.hall.head
    form = {
        "id": str(new_id()),
        "title": "停电检修",
        "text": "周五下午",
        "people": [town.hall.clerk.pk],
        "intent": intent,
    }
    sent = [lambda b=b: b.post(reverse("workbench:announcement_create"), form) for b in browsers(*[head] * 4)]
    assert statuses(at_once(sent)) == [302, 302, 302, 302]
    assert Announcement.objects.get(pk=form["id"]).receipts.count() == (intent == "publish")


def test_a_member_enrolled_twice_at_once_is_one_member(pressed_twice, town):
    newcomer, office = person(at=town.branch.unit), Grant.objects.filter(role=Role.PARTY_OFFICE).first().person
    form = {
        "person": newcomer.pk, "status": "full", "start_on": timezone.localdate(), "confirmed_on": "2020-01-01",
    }  # fmt: skip
    assert pressed_twice(office, reverse("branches:member_enrol", args=[town.branch.pk]), form) == [302, 422]
    assert PartyMember.objects.filter(person=newcomer).count() == 1


def test_a_secretary_seated_twice_at_once_is_one_secretary(pressed_twice, town):
    office = Grant.objects.filter(role=Role.PARTY_OFFICE).first().person
    form = {"start_on": timezone.localdate(), "secretary": town.branch.members[1].pk}
    assert pressed_twice(office, reverse("branches:committee_seat", args=[town.branch.pk]), form) == [302, 302]
    assert CommitteeSeat.objects.filter(branch=town.branch.pk, end_on=None).count() == 1


def test_a_group_added_twice_at_once_is_one_group(pressed_twice, town):
    form = {"name": "第九党小组", "start_on": timezone.localdate()}
    address = reverse("branches:group_add", args=[town.branch.pk])
    assert pressed_twice(town.branch.secretary, address, form) == [302, 422]


def test_two_security_administrators_do_not_take_the_role_from_each_other(browsers, town):
    pair = [person(Role.SECURITY_ADMIN, at=town.brigade) for _number in range(2)]
    held = Grant.objects.filter(role=Role.SECURITY_ADMIN).exclude(person__in=pair)
    held.update(ends_on=timezone.localdate())
    addresses = [reverse("workbench:grant_end", args=[Grant.objects.get(person=other).pk]) for other in reversed(pair)]
    sent = {"ends_on": timezone.localdate()}
    calls = [lambda b=b, to=to: b.post(to, sent) for b, to in zip(browsers(*pair), addresses, strict=True)]
    assert statuses(at_once(calls))[0] == 302
    assert Grant.objects.filter(role=Role.SECURITY_ADMIN, ends_on=None).count() == 1
