"""Pages of tasks: handing out from a record and from a figure, the thread with files, lists, the slip, the API."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils.html import escape

from brigade import workflow
from brigade.assignments import actions, moves
from brigade.assignments.models import Assignment
from brigade.audit.actions import SYSTEM
from brigade.files.models import File
from brigade.indicators.models import Figure
from brigade.kit.ids import new_id
from brigade.ledgers.models import Draft
from brigade.org.actions import close_unit
from brigade.org.states import Role, Tree
from tests.attack.town import town as build_town
from tests.brigade.assignments.world import DUE, NOW, at, handed_out, task
from tests.brigade.files.samples import picture
from tests.brigade.ledgers.checks import assert_same_queries, assert_swap_is_fresh
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db
NEW, LIST = "/assignments/new/", "/assignments/"


def text(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def form(world, **fields):
    given = {"id": new_id(), "title": "三轮车建档", "due_on": DUE, "needs_reply": "on"}
    return given | {"to": [f"{world.first.pk}:squadron_leader", f"{world.second.pk}:squadron_leader"]} | fields


# Handing out


def test_the_form_hands_out_to_two_units_and_leads_to_the_task(client, world):
    client.force_login(world.deputy)
    page = text(client, NEW)
    assert 'value="2026-11-27"' in page and "城区二中队" in page
    answer = client.post(NEW, form(world), follow=True)
    assert "已交办给城区一中队、城区二中队，11月27日前办" in answer.content.decode()
    assert Assignment.objects.count() == 2


def test_a_form_that_is_refused_keeps_what_was_typed_and_says_how_to_mend_it(client, world):
    client.force_login(world.deputy)
    gone = unit("城区三中队", parent=world.brigade)
    close_unit(by=SYSTEM, unit=gone, closed_on=date(2026, 11, 1))
    answer = client.post(NEW, form(world, to=[f"{gone.pk}:squadron_leader"]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "城区三中队已于2026-11-01撤销" in page and "三轮车建档" in page
    for to in (["x"], ["9" * 30], [f"{unit('邻县大队').pk}:clerk"], [f"{world.first.pk}:nobody"], []):
        assert client.post(NEW, form(world, to=to)).status_code == 422, to
    assert client.post(NEW, form(world, due_on="2026-13-45")).status_code == 422
    assert not Assignment.objects.exists()


def test_an_officer_has_nobody_to_hand_out_to(client, world):
    client.force_login(world.officer)
    assert client.get(NEW).status_code == 403
    assert "交办督办" in text(client, LIST)


def test_every_record_page_offers_to_hand_it_out_and_the_form_knows_what_it_is_about(client):
    town = build_town()
    leader = person(Role.BRIGADE_LEADER, Role.POLITICAL_OFFICER, Role.GENERAL_SECRETARY, at=town.brigade)
    client.force_login(leader)
    tried = 0
    for _noun, record, _move in town.endpoints:
        if type(record)._default_manager.visible_to(leader).filter(pk=record.pk).exists():
            address = f"{NEW}?kind={record.kind()}&id={record.pk}"
            assert address.replace("&", "&amp;") in text(client, record.get_absolute_url()) or address in text(
                client, record.get_absolute_url()
            ), record.kind()
            assert record.title in text(client, address)
            tried += 1
    assert tried > 4


def test_a_task_about_a_record_keeps_it_and_links_it_only_for_who_may_read_it(client):
    town = build_town()
    leader = person(Role.BRIGADE_LEADER, at=town.brigade)
    other = unit("三中队", parent=town.brigade)
    head = person(Role.SQUADRON_LEADER, at=other)
    client.force_login(leader)
    record = town.request
    source = f"{NEW}?kind=requests.servicerequest&id={record.pk}"
    given = {"id": new_id(), "title": "查一查", "due_on": "2026-11-27", "to": [f"{other.pk}:squadron_leader"]}
    assert client.post(source, given).status_code == 302
    made = Assignment.objects.get(title="查一查")
    assert (made.source_kind, made.source_id) == ("requests.servicerequest", str(record.pk))
    assert f'href="{record.get_absolute_url()}"' in text(client, made.get_absolute_url())
    client.force_login(head)
    page = text(client, made.get_absolute_url())
    assert record.number in page and f'href="{record.get_absolute_url()}"' not in page


def test_a_record_or_a_figure_out_of_reach_is_not_there(client, world):
    town = build_town()
    client.force_login(world.head)
    assert client.get(f"{NEW}?kind=requests.servicerequest&id={town.request.pk}").status_code == 404
    for address in ("?kind=org.unit&id=1", "?kind=x.y&id=1", "?kind=requests.servicerequest&id=%00", "?figure=x"):
        assert client.get(NEW + address).status_code == 404, address
    figure = f"?figure=requests.received&unit={world.brigade.pk}&start=2026-01-01&end=2026-11-20"
    assert client.get(NEW + figure).status_code == 404, "a squadron leader sees the figures of his own squadron"


def test_a_figure_of_the_board_goes_along_with_its_title_period_and_value(client, world):
    hall = unit("车管所大厅", parent=world.brigade, tree=Tree.HALL, kind="hall")
    head = person(Role.HALL_HEAD, at=hall)
    Figure.objects.create(indicator="requests.received", unit=hall, day=date(2026, 11, 2), value=7, base=0)
    client.force_login(world.leader)
    address = f"{NEW}?figure=requests.received&unit={hall.pk}&start=2026-11-01&end=2026-11-20"
    assert address.replace("&", "&amp;") in text(client, "/dashboard/?period=month")
    page = text(client, address)
    assert "车管所大厅：收件7件" in page and "2026年11月1日至2026年11月20日" in page
    assert f'value="{hall.pk}:hall_head"' in page and "checked" in page
    sent = {"id": new_id(), "title": "收件少，查原因", "due_on": DUE, "to": [f"{hall.pk}:hall_head"]}
    client.post(address, sent)
    made = Assignment.objects.get()
    assert made.source_text == "车管所大厅：收件7件（2026年11月1日至2026年11月20日）"
    client.force_login(head)
    assert made.source_text in text(client, made.get_absolute_url())


def kept(client, address, name, pk, asked=""):
    """What the browser sends two seconds after the last key."""
    sent = {"address": address, "name": name, "asked": asked, "record_id": str(pk), "lines": [["title", "三轮车"]]}
    assert client.post("/drafts/", sent, content_type="application/json").status_code == 200


def test_the_draft_of_a_task_stays_while_it_is_refused_and_goes_with_its_sending(client, world):
    town = build_town()
    leader, head = person(Role.BRIGADE_LEADER, at=town.brigade), person(Role.HALL_HEAD, at=town.hall.hall)
    client.force_login(leader)
    asked = f"kind=requests.servicerequest&id={town.request.pk}"
    page = text(client, f"{NEW}?{asked}")
    assert f'data-draft-asked="{escape(asked)}"' in page, "what is written about one record is not put into another's"
    one, other = new_id(), new_id()
    kept(client, f"{NEW}?{asked}", "ask", one, asked)
    kept(client, NEW, "ask", other)
    assert Draft.objects.visible_to(leader).count() == 2
    sent = {"id": one, "draft": "ask", "draft_asked": asked, "title": "查一查", "due_on": "2026-11-27", "to": []}
    assert client.post(f"{NEW}?{asked}", sent).status_code == 422
    assert Draft.objects.visible_to(leader).count() == 2
    sent["to"] = [f"{head.unit_id}:hall_head"]
    assert client.post(f"{NEW}?{asked}", sent).status_code == 302
    assert Draft.objects.visible_to(leader).get().form.endswith(str(other)), "the other one is still there"


def test_the_draft_of_a_reply_goes_with_the_reply(client, world):
    made = task(world)
    client.force_login(world.head)
    move = reverse("assignments:assignment_move", args=[made.pk, "reply"])
    kept(client, move, "reply", "")
    assert client.post(move, {"text": " ", "version": 1, "draft": "reply", "draft_asked": ""}).status_code == 422
    assert Draft.objects.count() == 1
    assert client.post(move, {"text": "办了", "version": 1, "draft": "reply", "draft_asked": ""}).status_code == 302
    assert not Draft.objects.exists()


# The record page


def test_the_page_of_the_post_asks_for_a_reply_and_takes_files(client, world):
    made = task(world)
    client.force_login(world.head)
    page = text(client, made.get_absolute_url())
    assert "11月27日前回复" in page and 'name="files"' in page and "认可办结" not in page
    move = reverse("assignments:assignment_move", args=[made.pk, "reply"])
    sent = {"text": "附建档照片", "version": 1, "files": [SimpleUploadedFile("建档.jpg", picture())]}
    assert client.post(move, sent).status_code == 302
    line = made.lines.latest("pk")
    assert (line.kind, line.files.get().file.name) == ("reply", "建档.jpg")
    file = reverse("assignments:assignment_file", args=[made.pk, line.files.get().pk])
    client.force_login(world.deputy)
    assert "建档.jpg" in text(client, made.get_absolute_url())
    assert client.get(file).getvalue().startswith(b"\xff\xd8")
    client.force_login(world.other_head)
    assert client.get(file).status_code == 404


def test_what_may_not_be_kept_is_refused_and_the_reply_stays_on_the_page(client, world):
    made = task(world)
    client.force_login(world.head)
    move = reverse("assignments:assignment_move", args=[made.pk, "reply"])
    answer = client.post(move, {"text": "写了很多", "files": [SimpleUploadedFile("x.exe", b"MZ" + b"0" * 99)]})
    assert answer.status_code == 422
    assert "这里只收" in answer.content.decode() and "写了很多" in answer.content.decode()
    assert made.lines.count() == 1


def test_who_may_not_reply_puts_no_file_away(client, world):
    made = task(world)
    client.force_login(world.deputy)
    move = reverse("assignments:assignment_move", args=[made.pk, "reply"])
    answer = client.post(move, {"text": "x", "files": [SimpleUploadedFile("建档.jpg", picture())]})
    assert answer.status_code == 403
    assert not File.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_double_click_replies_once(client, world):
    made = task(world)
    client.force_login(world.head)
    move = reverse("assignments:assignment_move", args=[made.pk, "reply"])
    assert [client.post(move, {"text": "办了", "version": 1}).status_code for _twice in range(2)] == [302, 409]
    assert made.lines.filter(kind="reply").count() == 1


def test_each_move_is_made_from_the_page(client, world):
    made = task(world)

    def press(by, code, **sent):
        client.force_login(by)
        answer = client.post(reverse("assignments:assignment_move", args=[made.pk, code]), sent)
        assert answer.status_code == 302, (code, answer.content.decode())
        made.refresh_from_db()

    press(world.head, "ask_extension", due_on="2026-12-04", reason="等名单")
    client.force_login(world.deputy)
    assert "申请延到12月4日" in text(client, made.get_absolute_url())
    press(world.deputy, "extend", due_on="2026-12-04")
    words = text(client, made.get_absolute_url())
    assert "原定11月27日" in words and "延到2026年12月4日：等名单" in words and "<p>延到2026年12月4日</p>" in words
    press(world.deputy, "urge")
    press(world.head, "remark", text="明天报")
    press(world.head, "reply", text="办了")
    press(world.deputy, "send_back", reason="没有数")
    press(world.head, "reply", text="214户")
    press(world.deputy, "accept")
    assert made.state == "done"
    words = text(client, made.get_absolute_url())
    for word in ("申请延期", "催办", "留言", "退回重办", "认可办结"):
        assert word in words
    assert client.get(reverse("assignments:assignment_move", args=[made.pk, "fly"])).status_code == 404


def test_what_answers_a_wish_for_more_time_stands_together_before_the_rest(client, world):
    made = task(world)
    client.force_login(world.head)
    move = reverse("assignments:assignment_move", args=[made.pk, "ask_extension"])
    client.post(move, {"due_on": "2026-12-04", "reason": "等名单"})
    client.force_login(world.deputy)
    labels = [one["label"] for one in client.get(made.get_absolute_url()).context["moves"]]
    assert labels == ["延期", "不同意延期", "催办", "留言", "撤回"]


def test_what_went_out_together_stands_beside_it_as_far_as_one_may_see(client, world):
    first, _second = handed_out(world, world.first, world.second)
    client.force_login(world.deputy)
    assert "同时交办" in text(client, first.get_absolute_url())
    client.force_login(world.head)
    assert "同时交办" not in text(client, first.get_absolute_url())


def test_the_slip_names_the_task_and_its_end(client, world):
    made = task(world, text="逐户见面")
    client.force_login(world.head)
    page = text(client, reverse("assignments:assignment_slip", args=[made.pk]))
    for word in ("交办单", made.number, "逐户见面", "周海峰", "何立军", "2026年11月27日"):
        assert word in page


def test_who_can_see_it_is_said_with_the_reason(client, world):
    made = task(world)
    client.force_login(world.deputy)
    page = text(client, reverse("workbench:record_access", args=["assignments.assignment", made.pk]))
    assert "交办人" in page and "承办岗位" in page


def test_the_list_shows_what_the_rule_allows(world):
    handed_out(world, world.first, world.second)
    handed_out(world, (world.first, Role.OFFICER), by=world.head)
    for somebody in (world.leader, world.deputy, world.head, world.other_head, world.clerk, world.officer, person()):
        shown = set(Assignment.objects.visible_to(somebody))
        allowed = {
            record
            for record in Assignment.objects.select_related("unit", "giver_unit", "created_by")
            if somebody.has_perm("assignments.view_assignment", record)
            or somebody in [reader for reader, _why in record.own_readers()]
        }
        assert shown == allowed, somebody


# Lists


def test_a_giver_opens_what_he_gave_the_latest_first_and_others_what_they_have_to_do(client, world):
    for day, title in ((20, "甲"), (25, "乙"), (23, "丙")):
        task(world, due_on=date(2026, 11, day), title=title * 4, moment="2026-11-10T09:00")
    client.force_login(world.deputy)
    page = text(client, LIST)
    assert page.index("甲甲甲甲") < page.index("丙丙丙丙") < page.index("乙乙乙乙")
    client.force_login(world.officer)
    assert "甲甲甲甲" not in text(client, LIST)
    client.force_login(world.clerk)
    assert "甲甲甲甲" in text(client, f"{LIST}?scope=mine")


def test_the_list_opens_on_what_waits_for_its_reader_on_either_side(client, world):
    to_him = task(world, title="大队交来的事")
    [from_him] = handed_out(world, (world.first, Role.OFFICER), by=world.head, title="中队自己的事")
    handed_out(world, world.second, title="别的中队的事")

    def opens_with(user):
        client.force_login(user)
        answer = client.get(LIST)
        assert [str(label) for label, _url, is_on, _view in answer.context["tabs"] if is_on] == ["与我有关"]
        return {title for title in ("大队交来的事", "中队自己的事", "别的中队的事") if title in answer.content.decode()}

    assert opens_with(world.head) == {to_him.title, from_him.title}
    assert opens_with(world.clerk) == {to_him.title, from_him.title}
    assert opens_with(world.deputy) == {to_him.title, "别的中队的事"}
    assert opens_with(world.officer) == {from_him.title}
    replied = actions.reply(by=world.head, assignment=to_him, now=at(NOW), text="办了")
    actions.accept(by=world.deputy, assignment=replied, now=at(NOW))
    assert opens_with(world.head) == {from_him.title}


def test_the_bare_address_costs_the_same_queries_however_much_waits(client, world):
    client.force_login(world.head)
    assert_same_queries(client, LIST, lambda count: [task(world, title=f"第{n}件") for n in range(count)])


def test_the_tab_of_late_ones_holds_only_those(client, world, time_machine):
    task(world, title="已经逾期的事")
    task(world, title="还没到期的事", due_on=date(2026, 12, 4))
    time_machine.move_to("2026-11-30 09:00 +0800")
    client.force_login(world.deputy)
    page = text(client, f"{LIST}?due=late&sort=due_on")
    assert "已经逾期的事" in page and "逾期3天" in page and "还没到期的事" not in page


def test_the_list_costs_the_same_queries_however_long_it_is(client, world):
    client.force_login(world.deputy)

    def more(count):
        rows = [
            Assignment(
                unit=world.first,
                post="squadron_leader",
                giver_unit=world.brigade,
                due_on=DUE,
                giver_post="deputy_leader",
                batch=new_id(),
                first_due_on=DUE,
                title="三轮车建档",
                state="open",
                created_at=at(NOW),
                created_by=world.deputy,
                number=new_id().hex,
            )
            for _one in range(count)
        ]
        workflow.bulk(rows, moves.HAND_OUT, by=SYSTEM, now=at(NOW))

    assert_same_queries(client, f"{LIST}?all=1", more)


def test_a_swapped_list_is_the_fresh_one(client, world):
    task(world)
    client.force_login(world.deputy)
    assert_swap_is_fresh(client, f"{LIST}?due=live", start=f"{LIST}?all=1")


# The API


@pytest.mark.django_db(transaction=True)
def test_the_interface_hands_out_and_makes_moves_by_the_same_rules(client, world):
    client.force_login(world.deputy)
    given = {
        "id": str(new_id()),
        "title": "三轮车建档",
        "due_on": "2026-11-27",
        "to": [
            {"unit": world.first.pk, "post": "squadron_leader"},
            {"unit": world.second.pk, "post": "squadron_leader"},
        ],
    }
    made = client.post("/api/v1/assignments/", given, content_type="application/json")
    assert made.status_code == 201 and len(made.json()) == 2
    again = client.post("/api/v1/assignments/", given, content_type="application/json")
    assert [one["id"] for one in again.json()] == [one["id"] for one in made.json()]
    address = f"/api/v1/assignments/{made.json()[0]['id']}/"
    client.force_login(world.head)
    assert [one["unit"] for one in client.get("/api/v1/assignments/").json()["results"]] == [world.first.pk]
    answer = client.post(f"{address}moves/reply/", {"text": "办了", "version": 1}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "replied")
    assert [line["kind"] for line in answer.json()["thread"]] == ["reply", "handed_out"]
    stale = client.post(f"{address}moves/remark/", {"text": "x", "version": 1}, content_type="application/json")
    assert stale.status_code == 409
    assert client.post("/api/v1/assignments/", given, content_type="application/json").status_code == 422


def test_a_workbook_of_the_list_holds_the_words_of_the_thread(client, world):
    made = task(world)
    actions.remark(by=world.head, assignment=made, now=at(NOW), text="镇里名单明天到")
    client.force_login(world.deputy)
    answer = client.get(f"{LIST}?all=1&format=csv")
    assert "留言" in answer.getvalue().decode("utf-8-sig")


def test_who_only_oversees_a_duty_is_led_to_no_task_that_is_closed_to_him(client, world):
    hall = unit("车管所", parent=world.brigade, kind="hall", tree="hall")
    lead, clerk = person(Role.WINDOW_LEAD, at=hall), person(Role.WINDOW_CLERK, at=hall)
    [to_clerk] = handed_out(world, (hall, Role.WINDOW_CLERK), due_on=date(2026, 11, 20))
    led = {}
    for reader in (clerk, lead):
        client.force_login(reader)
        page = client.get("/obligations/?state=open")
        assert to_clerk.title in page.text
        link = f'href="{to_clerk.get_absolute_url()}"'
        led[reader] = client.get(to_clerk.get_absolute_url()).status_code, link in page.text, link in home(client)
    assert led == {clerk: (200, True, True), lead: (404, False, False)}


def home(client):
    page = client.get("/").text
    assert "许营镇三轮车建档" in page
    return page


def test_what_is_not_done_is_found_among_all_that_is(world):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    for found in (Assignment.objects.live(), Assignment.objects.running()):
        assert "assignment_not_done" in found.order_by("-due_on", "-id").explain()
