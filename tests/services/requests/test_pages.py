"""The pages of requests: the desk in one post, the record with its moves, the papers, the ledgers."""

import pytest
from django.urls import reverse
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.kit.ids import new_id
from services.requests import actions
from services.requests.models import ServiceRequest
from services.requests.states import Ending, RequestState
from tests.brigade.ledgers.checks import assert_same_queries, assert_swap_is_fresh, csv_of
from tests.brigade.org.factories import person
from tests.services.requests.world import HERE, ZHEJIANG, World, at, item, marks, taken_in

pytestmark = pytest.mark.django_db
DESK = "/services/requests/new/"


@pytest.fixture
def desk(client, world):
    client.force_login(world.clerk)
    return client


def posted(world: World, code: str, ending: str, missing: int = 0, **fields) -> dict:
    statuses = {f"material-{pk}": status for pk, (status, _note) in marks(code, missing).items()}
    return {"id": str(new_id()), "unit": world.hall.pk, "item": item(code).pk, "ending": ending, **statuses, **fields}


def test_desk_offers_every_service_of_the_catalogue(desk):
    text = desk.get(DESK).content.decode()
    assert text.count("data-desk-template=") == 83
    assert "hlxsz" in text


def test_desk_leads_to_the_ledger_by_a_key(desk):
    assert 'href="/services/requests/" data-key="F10"' in desk.get(DESK).text


def test_next_step_says_by_which_day(desk, world):
    record = taken_in(world, "PL02", "2026-06-08 09:00", Ending.NOTIFY, missing=1)
    until = timezone.localdate(record.lapses_at)
    assert f"{until.month}月{until.day}日前补正" in desk.get(record.get_absolute_url()).text


@pytest.mark.parametrize("state", RequestState.values)
def test_page_opens_in_every_state_for_whoever_may_see_it(client, world, state):
    record = taken_in(world, "PL02", "2026-06-08 09:00", Ending.RECEIVE)
    ServiceRequest.objects.filter(pk=record.pk).update(state=state)
    for who in (world.clerk, world.lead, world.head, world.reviewer, person("window_guide", at=world.hall)):
        client.force_login(who)
        assert client.get(record.get_absolute_url()).status_code == 200


def test_a_platform_number_that_is_known_is_not_asked_again(desk, world):
    record = taken_in(world, "PL02", "2026-06-08 09:00", Ending.RECEIVE, external_no="YS26060800001")
    assert 'value="YS26060800001"' in desk.get(f"{record.get_absolute_url()}moves/finish/").text


def test_simple_citizen_is_settled_in_one_post_and_the_desk_is_ready_again(desk, world):
    answer = desk.post(DESK, posted(world, "PL02", "settle", external_no="37150020260612001"), follow=True)
    made = ServiceRequest.objects.get()
    assert made.state == RequestState.COMPLETED and made.external_no == "37150020260612001"
    assert made.citizen_name == "" and made.id_no_sealed == ""
    text = answer.content.decode()
    assert "办结回执" in text and made.number in text
    assert str(made.pk) != answer.context["form"]["id"].value()


def test_same_form_sent_twice_is_one_record(desk, world):
    form = posted(world, "PL01", "accept", citizen_name="刘某某", phone="13800000024")
    assert desk.post(DESK, form).status_code == 302
    assert desk.post(DESK, form).status_code == 302
    assert ServiceRequest.objects.count() == 1
    assert ServiceRequest.objects.get().state == RequestState.ACCEPTED


def test_notice_names_all_that_is_missing_and_lies_ready_to_print(desk, world):
    answer = desk.post(
        DESK, posted(world, "PL02", "notify", 2, citizen_name="刘某某", phone="13800000024"), follow=True
    )
    made = ServiceRequest.objects.get()
    assert made.state == RequestState.SUPPLEMENT_REQUESTED
    assert [row["name"] for row in made.notices.get().items] == ["机动车所有人身份证明", "损毁的行驶证"]
    text = answer.content.decode()
    assert "data-print-now" in text and "一次性告知书" in text and "损毁的行驶证" in text


REFUSALS = [
    ({"ending": "settle", "item": ""}, "先选事项：输代码、拼音或首字母"),
    ({"ending": "accept"}, "办件还要接着办，写明办事人姓名"),
    ({"ending": "accept", "citizen_name": "刘某某"}, "留手机号或证件号，至少一样，以便通知和领取时核对"),
    ({"ending": "accept", "citizen_name": "刘某某", "phone": "138"}, "手机号应为11位，座机要带区号"),
    (
        {"ending": "accept", "citizen_name": "刘某某", "id_no": HERE[:-1] + "0"},
        "身份证号码校验位不对，请核对是否输错一位",
    ),
    ({"ending": "accept", "citizen_name": "刘" * 10_000, "phone": "13800000024"}, "最多40个字，现在是10000个"),
    (
        {"ending": "accept", "citizen_name": "刘某某", "phone": "13800000024", "received_at": "2099-01-01T09:00"},
        "收件时间不能晚于现在",
    ),
    (
        {"ending": "accept", "citizen_name": "刘某某", "phone": "13800000024", "tolerated_due_on": "2020-01-01"},
        "容缺补交日期不能早于今天",
    ),
    ({"ending": "notify", "citizen_name": "刘某某", "phone": "13800000024"}, "材料没有缺的，不用告知补正"),
]


@pytest.mark.parametrize(("fields", "sentence"), REFUSALS)
def test_desk_refuses_in_one_sentence_and_keeps_what_was_filled_in(desk, world, fields, sentence):
    answer = desk.post(DESK, {**posted(world, "PL01", "accept", external_no="EXT-1"), **fields})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.count(sentence) == 1
    assert 'value="EXT-1"' in text
    assert ServiceRequest.objects.count() == 0
    if fields.get("item") != "":
        assert f'value="{item("PL01").pk}"' in text and text.count(" checked") >= 2


def test_settling_with_something_missing_is_refused(desk, world):
    answer = desk.post(DESK, posted(world, "PL02", "settle", 1))
    assert answer.status_code == 422
    assert "材料不齐，不能当场办结：缺“机动车所有人身份证明”" in answer.content.decode()


def test_emoji_stays_and_nul_goes(desk, world):
    desk.post(DESK, posted(world, "PL01", "accept", citizen_name="刘\x00某😀", phone="13800000024"))
    assert ServiceRequest.objects.get().citizen_name == "刘某😀"


def test_visitor_from_another_province_is_known_by_his_number_and_brings_more(desk, world):
    """Scenario 34: a Zhejiang licence renewed here asks for what 令162第64、70条 add."""
    desk.post(DESK, posted(world, "DL08", "receive", citizen_name="应某某", id_no=ZHEJIANG))
    made = ServiceRequest.objects.get()
    assert made.is_out_of_province and made.province_code == "33"
    unseen = [paper.material.name for paper in made.papers if paper.status == "unseen"]
    assert unseen == ["机动车驾驶证", "申报身体条件"]


def test_ledger_shows_tails_only_and_never_decrypts(desk, world):
    taken_in(world, "PL01", "2026-06-12T10:00", citizen=actions.Citizen(name="刘某某", id_no=HERE, phone="13800000024"))
    text = csv_of(desk, "/services/requests/?columns=number&columns=id_no_tail&columns=phone_tail")
    assert "0035" in str(text) and "0024" in str(text)
    assert HERE not in str(text) and "13800000024" not in str(text)


def test_ledger_asks_the_same_queries_for_one_row_and_many(desk, world):
    made = iter(range(1000))

    def more(count: int) -> None:
        for _n in range(count):
            taken_in(world, "PL02", f"2026-06-12T{9 + next(made) % 2:02}:00", Ending.SETTLE)

    assert_same_queries(desk, "/services/requests/", more)


def test_swapped_ledger_is_the_fresh_one(desk, world):
    taken_in(world, "PL02", "2026-06-12T10:00", Ending.SETTLE)
    assert_swap_is_fresh(desk, "/services/requests/?state=completed")


def test_reversed_days_are_refused_in_words(desk, world):
    text = desk.get("/services/requests/?received_at_after=2026-06-30&received_at_before=2026-06-01").content.decode()
    assert "起止日期颠倒了。" in text


@pytest.mark.parametrize("asked", ["pl02", "hlxsz", "xingshizheng", "行驶证"])
def test_catalogue_is_found_by_code_initials_pinyin_and_name(desk, asked):
    text = desk.get(f"/services/items/?q={asked}").content.decode()
    assert "补领、换领行驶证" in text and "令164第52条" in text


def test_record_page_says_what_is_missing_and_offers_what_may_be_done(desk, world):
    made = taken_in(world, "PL02", f"{timezone.localtime():%Y-%m-%dT%H:%M}", Ending.RECEIVE, missing=1)
    text = desk.get(made.get_absolute_url()).content.decode()
    assert "材料不齐，不能受理：缺“机动车所有人身份证明”" in text
    assert f"/services/requests/{made.pk}/moves/notify/" in text
    assert "不予受理</button>" not in text


@pytest.mark.django_db(transaction=True)
def test_move_with_a_stale_version_is_refused_and_nothing_is_lost(desk, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    actions.start(by=world.other, request=made, now=at("2026-06-12T10:10"))
    address = reverse("requests:servicerequest_move", args=[made.pk, "withdraw"])
    answer = desk.post(address, {"version": made.version, "reason": "申请人不办了", "is_signed": "on"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert f"这条记录刚被{world.other.name}改过" in text and "申请人不办了" in text


@pytest.mark.django_db(transaction=True)
def test_illegal_move_is_refused_with_what_is_legal(desk, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    address = reverse("requests:servicerequest_move", args=[made.pk, "deliver"])
    answer = desk.post(address, {"version": made.version, "delivery_kind": "window", "delivery_note": "本人"})
    assert answer.status_code == 422
    assert "现在是“已受理”，不能送达" in answer.content.decode()


def test_request_of_another_hall_is_not_found(client, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    client.force_login(
        person(
            "window_clerk",
            at=world.brigade.__class__.objects.get(pk=world.brigade.pk).children.create(
                tree="hall",
                kind="hall",
                code="OTHER",
                name="另一大厅",
                short_name="另一大厅",
                path="999/",
                opened_on="2020-01-01",
            ),
        )
    )
    assert client.get(made.get_absolute_url()).status_code == 404
    assert client.post(reverse("requests:servicerequest_move", args=[made.pk, "start"])).status_code == 404


def test_receipt_and_notice_print_on_a_page_of_their_own(desk, world):
    made = taken_in(world, "PL02", "2026-06-12T10:00", Ending.NOTIFY, missing=1)
    receipt = desk.get(reverse("requests:servicerequest_receipt", args=[made.pk])).text
    assert "收件回执" in receipt and "见一次性告知书" in receipt and "5个工作日内" not in receipt
    assert "一次性告知书" in desk.get(reverse("requests:servicerequest_notice", args=[made.pk])).content.decode()


def test_full_number_is_shown_for_a_reason_that_the_audit_keeps(desk, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00", citizen=actions.Citizen(name="刘某某", id_no=HERE))
    address = reverse("requests:servicerequest_reveal", args=[made.pk, "id_no"])
    assert desk.post(address, {"reason": " "}).status_code == 422
    assert HERE in desk.post(address, {"reason": "领取时核对"}).content.decode()
    event = AuditEvent.objects.get(verb="field.revealed")
    assert event.note == "领取时核对" and HERE not in event.changes_text
    assert HERE not in desk.get(made.get_absolute_url()).content.decode()


def test_reviewer_finds_what_waits_for_him_but_not_what_he_accepted_himself(client, world):
    """He has it among his duties, and as a view of the ledger."""
    both = person("window_clerk", "service_reviewer", at=world.hall)
    asked = []
    for who, moment in ((world.clerk, "2026-06-12T10:00"), (both, "2026-06-12T10:01")):
        made = actions.start(by=who, request=taken_in(world, "DL05", moment, by=who), now=at(moment))
        asked.append(actions.ask_review(by=who, request=made, now=at("2026-06-12T11:00"), proposal="approve"))
    taken_in(world, "DL05", "2026-06-12T10:05")

    def found(who, view):
        client.force_login(who)
        return [number for number, *_rest in csv_of(client, f"/services/requests/?review={view}&columns=number")[-2:]]

    assert sorted(found(world.reviewer, "waiting")) == sorted(made.number for made in asked)
    client.force_login(both)
    rows = str(csv_of(client, "/services/requests/?review=mine&columns=number"))
    assert asked[0].number in rows and asked[1].number not in rows


def test_correcting_a_citizen_says_what_is_kept_and_drops_nothing_in_silence(client, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    client.force_login(world.clerk)
    asked = reverse("requests:servicerequest_move", args=[made.pk, "amend"])
    assert "已登记尾号0024，留空则不改" in client.get(asked).text
    answer = client.post(asked, {"version": made.version, "citizen_name": "刘某某", "is_out_of_province": "on"})
    assert answer.status_code == 422 and "改成外省户籍要同时写手机号或证件号" in answer.text


def test_who_may_not_void_reads_who_puts_a_wrong_service_right(client, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    client.force_login(world.clerk)
    assert "由值班长或所长作废" in client.get(made.get_absolute_url()).text
    client.force_login(world.leader)
    assert "由值班长或所长作废" not in client.get(made.get_absolute_url()).text
