"""What a person types and does not send: kept for him alone, sealed, offered again, gone once it is sent."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.kit.ids import new_id
from brigade.ledgers import actions, rules
from brigade.ledgers.models import KEEP_DRAFT, Draft
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db

DRAFTS, MEETING = "/drafts/", "/party/meetings/new/"


@pytest.fixture
def me(client):
    found = person(at=unit("一中队"))
    client.force_login(found)
    return found


def save(client, lines, **more):
    """What the browser sends two seconds after the last key."""
    sent = {"address": f"{MEETING}?kind=MM", "name": "meeting", "lines": lines, "version": "3", "base": "{}", **more}
    return client.post(DRAFTS, json.dumps(sent), content_type="application/json")


def found(client, address=MEETING, name="meeting"):
    return client.get(DRAFTS, {"address": address, "name": name})


def test_what_was_typed_is_found_again_on_any_pc_with_its_time_and_version(client, me):
    answer = save(client, [["place", "二楼"], ["observers", "7", "王敏"]], words="党员大会", asked="kind=MM")
    assert answer.status_code == 200
    draft = found(client).json()
    assert draft["lines"] == [["place", "二楼"], ["observers", "7", "王敏"]]
    assert (draft["version"], draft["base"], draft["words"], draft["asked"]) == (3, "{}", "党员大会", "kind=MM")
    assert draft["address"] == f"{MEETING}?kind=MM" and draft["at"] == answer.json()["at"]


def test_the_same_form_again_replaces_its_draft_and_another_record_has_its_own(client, me):
    one, two = str(new_id()), str(new_id())
    save(client, [["place", "一"]], record_id=one)
    save(client, [["place", "二"]], record_id=one)
    save(client, [["place", "三"]], record_id=two)
    assert Draft.objects.count() == 2
    newest = found(client).json()
    assert newest["lines"] == [["place", "三"]], "the newest is offered"
    assert newest["id"] == two, "and goes on as the same record, so that its sending takes it away"


def test_nobody_else_sees_or_drops_it(client, me):
    pk = save(client, [["place", "二楼"]]).json()["draft"]
    client.force_login(person(at=me.unit))
    assert found(client).status_code == 204
    assert client.post(reverse("workbench:draft_drop", args=[pk])).status_code == 404
    assert Draft.objects.filter(pk=pk).exists()


def test_its_owner_drops_it(client, me):
    pk = save(client, [["place", "二楼"]]).json()["draft"]
    assert client.post(reverse("workbench:draft_drop", args=[pk])).status_code == 204
    assert found(client).status_code == 204 and not Draft.objects.exists()


def test_nothing_of_it_can_be_read_in_the_database(client, me):
    save(client, [["summary", "群众张三来电"]])
    draft = Draft.objects.get()
    assert "张三" not in str(vars(draft)) and draft.sealed.startswith("v1|")


@pytest.mark.parametrize("name", ["id_no", "phone", "citizen_name", "rows-0-phone", "password", "new_password1"])
def test_sensitive_fields_are_never_in_it_even_when_a_browser_sends_them(client, me, name):
    save(client, [[name, "13800001111"], ["external_no", "YS1"]])
    assert found(client).json()["lines"] == [["external_no", "YS1"]]


@pytest.mark.parametrize("text", ["长" * 10_000, "👮‍♀️🚓👨‍👩‍👧", "一行\n二行\t三", "<script>&\"'", "ไทย العربية"])
def test_any_text_comes_back_as_it_was(client, me, text):
    save(client, [["summary", text]])
    kept = found(client).json()["lines"][0][1]
    assert kept.replace("\u200d", "") == text.replace("\u200d", "")


def test_signs_that_no_database_takes_fall_away(client, me):
    assert save(client, [["summary", "a\x00b\ud800c"]], words="\x00题").status_code == 200
    assert found(client).json()["lines"] == [["summary", "abc"]]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"lines": [["summary", "长" * 100_000]]}, "内容太长"),
        ({"lines": [["n", "x"]] * (rules.DRAFT_LINES + 1)}, "读不懂"),
        ({"lines": "x"}, "读不懂"),
        ({"lines": [["a"]]}, "读不懂"),
        ({"lines": [["a", 1]]}, "读不懂"),
        ({"lines": [], "address": "/no/such/page/"}, "没有这个页面"),
        ({"lines": [], "name": "长" * 400}, "地址太长"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_sentence_and_the_browser_keeps_its_copy(client, me, sent, words):
    answer = save(client, **({"lines": []} | sent))
    assert answer.status_code == 422 and words in answer.json()["detail"]
    assert not Draft.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "{", '"x"', "null", "[" * 100_000])
def test_a_body_that_is_no_draft_is_refused(client, me, body):
    assert client.post(DRAFTS, body, content_type="application/json").status_code == 422


@pytest.mark.parametrize("where", ["name", "asked", "record_id", "address"])
@pytest.mark.parametrize("sign", ["\ud800", "\0", "\u202e"])
def test_signs_that_no_database_takes_break_nothing_beside_the_lines_either(client, me, where, sign):
    sent = {"address": MEETING, "name": "meeting"}
    assert save(client, [["place", "二楼"]], **sent | {where: f"{sent.get(where, '')}{sign}"}).status_code in (200, 422)


def test_whoever_is_signed_out_is_sent_to_sign_in_and_nothing_is_kept(client):
    assert save(client, [["place", "二楼"]]).status_code == 302
    assert not Draft.objects.exists()


def test_two_saves_at_once_are_one_draft(client, me):
    """The second finds the row that the first has just made."""
    for text in ("一", "二"):
        actions.save_draft(
            by=me, address=MEETING, name="meeting", content={"lines": [["place", text]]}, now=timezone.now()
        )
    assert Draft.objects.count() == 1


def test_a_person_keeps_only_so_many_the_oldest_go(client, me, monkeypatch):
    monkeypatch.setattr(rules, "DRAFTS_A_PERSON", 3)
    for number in range(5):
        save(client, [["place", str(number)]], record_id=str(new_id()))
    assert Draft.objects.count() == 3


def test_drafts_that_nobody_touched_for_two_weeks_go_at_night_and_a_second_run_finds_none(client, me):
    save(client, [["place", "二楼"]])
    now = timezone.now()
    assert actions.purge_drafts(now=now + KEEP_DRAFT - timedelta(minutes=1)) == "清除过期草稿0份"
    assert actions.purge_drafts(now=now + KEEP_DRAFT + timedelta(days=30)) == "清除过期草稿1份", (
        "a missed night is caught up"
    )
    assert actions.purge_drafts(now=now + KEEP_DRAFT + timedelta(days=30)) == "清除过期草稿0份"


def test_keeping_a_draft_is_no_event_of_the_trail(client, me):
    before = AuditEvent.objects.count()
    save(client, [["place", "二楼"]])
    assert AuditEvent.objects.count() == before
