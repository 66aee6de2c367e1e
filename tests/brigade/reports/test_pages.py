"""Pages, papers and endpoint of reports: from the duty to the confirmed paper in four interactions, and no more."""

from io import BytesIO

import docx
import openpyxl
import pytest
from django.urls import reverse

from brigade.files.states import FORMS
from brigade.indicators.models import Figure
from brigade.obligations.models import Obligation
from brigade.org.states import Role
from brigade.reports import actions, documents, queries
from brigade.reports.models import Report
from tests.brigade.ledgers.checks import assert_same_queries, assert_swap_is_fresh
from tests.brigade.org.factories import person, unit
from tests.brigade.reports.world import NOW, at, built, figure, thirty_to_eighteen, weekly

pytestmark = pytest.mark.django_db
LIST, NEW = "/reports/", "/reports/new/"


@pytest.fixture
def report(world) -> Report:
    thirty_to_eighteen(world)
    built()
    return weekly()


def text(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, answer.status_code
    return answer.content.decode()


def move(report, code):
    return reverse("reports:report_move", args=[report.pk, code])


def fetched(client, report, form):
    answer = client.get(f"{report.get_absolute_url()}?format={form}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


# The page


def test_the_page_says_period_cut_off_edition_and_every_difference(client, world, report):
    client.force_login(world.clerk)
    page = text(client, report.get_absolute_url())
    for words in (
        "东区大队2026年第47周周报", "2026年11月16日至2026年11月22日", "第1版", "−40.0%", "差异不显著 p=0.11",
        "与生成时一致", "按登记日期，不含并案和不属实", "补充一句", "城区二中队",
        "这段时间没有到期的应办事项；现在逾期未办0件。",
    ):  # fmt: skip
        assert words in page, words
    assert "/enforcement/hazards/?unit=" in page  # every figure opens the list behind it


def test_a_figure_leads_only_to_a_list_that_its_reader_may_open(client, world):
    hall = unit("车管所", parent=world.brigade, kind="hall", tree="hall")
    figure(hall, "2026-11-17", 62, code="requests.received")
    thirty_to_eighteen(world)
    built()
    reads = {}
    for reader in (world.leader, world.clerk):
        client.force_login(reader)
        page = text(client, weekly().get_absolute_url())
        assert "/enforcement/hazards/?unit=" in page
        reads[reader] = client.get("/services/requests/").status_code, "/services/requests/?unit=" in page
    assert reads == {world.leader: (200, True), world.clerk: (403, False)}


def test_the_clerk_confirms_with_a_sentence_from_his_list_in_three_interactions(client, world, report):
    """One to open the duty, one field, one button."""
    client.force_login(world.clerk)
    assert report.get_absolute_url() in text(client, "/")
    answer = client.post(move(report, "confirm"), {"sentence": "塘沟街三处本周完工。", "version": 1}, follow=True)
    page = answer.content.decode()
    assert "已确认东区大队2026年第47周周报，已通知大队长、教导员、分管副大队长" in page
    assert "塘沟街三处本周完工。" in page and "韩雪梅" in page
    assert Report.objects.get(pk=report.pk).state == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_what_was_typed_stays_when_it_is_refused(client, world, report):
    client.force_login(world.clerk)
    answer = client.post(move(report, "confirm"), {"sentence": "好" * 201})
    assert answer.status_code == 422
    assert "最多200个字，现在是201个" in answer.content.decode() and "好" * 200 in answer.content.decode()
    actions.confirm(by=world.deputy, report=report, now=at(NOW))
    answer = client.post(move(report, "confirm"), {"sentence": "再说一句", "version": 1})
    assert answer.status_code == 409
    assert "再说一句" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_making_it_again_leads_to_the_next_edition_and_both_stay(client, world, report):
    client.force_login(world.clerk)
    assert client.post(move(report, "rebuild"), {"reason": ""}).status_code == 422
    answer = client.post(move(report, "rebuild"), {"reason": "补录两处", "version": 1}, follow=True)
    page = answer.content.decode()
    assert "已生成第2版，等待确认" in page and "补录两处" in page
    old = text(client, report.get_absolute_url())
    assert "已有新版" in old and "第2版" in old and "重新生成" not in old.partition("基本情况")[0]
    assert client.get(move(report, "nothing")).status_code == 404


def test_a_report_of_another_brigade_is_not_found(client, world, report):
    other = unit("邻县大队")
    client.force_login(person(Role.CLERK, Role.BRIGADE_LEADER, at=other))
    text(client, report.get_absolute_url(), status=404)
    assert report.title not in text(client, LIST)
    assert client.get(f"/api/v1/reports/{report.pk}/").status_code == 404
    assert client.post(move(report, "confirm")).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_officer_has_no_reports_and_an_inspector_only_reads(client, world, report):
    client.force_login(world.officer)
    assert client.get(LIST).status_code == client.get(NEW).status_code == 403
    client.force_login(person(Role.INSPECTOR, at=world.brigade))
    page = text(client, report.get_absolute_url())
    assert 'id="confirm"' not in page and move(report, "rebuild") not in page
    assert client.post(move(report, "confirm"), {}).status_code == 403


def test_the_list_holds_each_edition_and_costs_the_same_for_many(client, world, report):
    client.force_login(world.clerk)
    page = text(client, LIST)
    assert "东区大队2026年第47周周报" in page and "生成报告" in page
    assert "周报" in text(client, f"{LIST}?series=weekly")
    assert_swap_is_fresh(client, LIST)

    def more(count: int) -> None:
        for n in range(count):
            fresh = weekly()
            actions.rebuild(by=world.clerk, report=fresh, now=at(NOW), reason=f"补录{n}")

    assert_same_queries(client, LIST, more)


# Asked for


def test_a_day_without_data_is_said_beside_the_field_and_a_day_with_data_is_made(client, world):
    client.force_login(world.clerk)
    assert 'value="2026-11-22"' in text(client, NEW)
    form = {"series": "daily", "day": "2026-11-20", "unit": world.brigade.pk}
    answer = client.post(NEW, form)
    assert answer.status_code == 422
    assert "2026年11月20日没有数据，不生成报告；补录以后再来" in answer.content.decode()
    for wrong in ({"day": "2026-11-23"}, {"day": "x"}, {"day": ""}, {"series": "yearly"}, {"unit": world.first.pk}):
        assert client.post(NEW, form | wrong).status_code == 422, wrong
    figure(world.first, "2026-11-20", 2)
    answer = client.post(NEW, form, follow=True)
    assert "东区大队2026年11月20日每日简报，第1版" in answer.content.decode()
    assert client.post(NEW, form).status_code == 302
    assert Report.objects.count() == 1


# Papers


def test_word_and_workbook_hold_what_the_page_holds(client, world, report):
    client.force_login(world.clerk)
    actions.confirm(by=world.clerk, report=report, now=at(NOW), sentence="塘沟街三处本周完工。")
    paper = docx.Document(BytesIO(fetched(client, report, "docx")))
    words = "\n".join(part.text for part in paper.paragraphs)
    cells = [[cell.text for cell in row.cells] for row in paper.tables[0].rows]
    assert cells[1] == ["登记隐患", "18处", "30处", "−40.0%\n差异不显著 p=0.11", "20处", "−10.0%\n差异不显著 p=0.87"]
    for said in (
        "东区大队2026年第47周周报",
        "一、道路隐患",
        "登记隐患：未定级18。",
        "二、应办事项",
        "城区一中队：登记隐患10处（同比−66.7%，差异显著 p=0.002）。",
        "补充：塘沟街三处本周完工。（韩雪梅）",
    ):
        assert said in words, said
    assert "{{" not in words and "待确认" not in words
    book = openpyxl.load_workbook(BytesIO(fetched(client, report, "xlsx")))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[5]][:7] == ["登记隐患", 18, "处", None, 30, "−40.0%", "差异不显著 p=0.11"]
    whose = f"填报单位：{world.brigade.name}　确认人：{world.clerk.name} {world.clerk.police_no}"
    assert sheet["A2"].value == f"{whose}　确认时间：{NOW.replace('T', ' ')}"
    assert sheet["A3"].value.startswith("期间：")
    assert "数据截至2026-11-23 06:00；口径第2版" in sheet["A3"].value
    assert [cell.value for cell in book["道路隐患各单位"][5]][:8] == [
        "城区一中队", "登记隐患", 10, "处", None, 30, "−66.7%", "差异显著 p=0.002",
    ]  # fmt: skip
    bases = {row[0]: row[1] for row in book["口径和说明"].iter_rows(min_row=5, values_only=True)}
    assert bases["登记隐患"] == "按登记日期，不含并案和不属实"


def test_a_draft_says_on_paper_that_it_is_one(client, world, report):
    client.force_login(world.clerk)
    paper = docx.Document(BytesIO(fetched(client, report, "docx")))
    assert "待确认" in "\n".join(part.text for part in paper.paragraphs)


def test_a_years_old_paper_is_the_same_to_the_byte(client, world, report, time_machine):
    actions.confirm(by=world.clerk, report=report, now=at(NOW))
    client.force_login(world.clerk)
    before = {form: fetched(client, report, form) for form in documents.PAPERS}
    time_machine.move_to("2027-11-23 09:00 +0800", tick=False)
    Figure.objects.update(value=77)
    world.first.short_name = world.first.name = "合并后的中队"
    world.first.save()
    client.force_login(world.deputy)
    assert {form: fetched(client, report, form) for form in documents.PAPERS} == before


def test_the_form_that_the_brigade_may_replace_knows_every_field(report):
    form = FORMS[queries.FORM]
    assert {field.name for field in form.fields} == set(documents.context_of(report))


# The endpoint


def test_the_endpoint_reads_and_confirms_by_the_same_rules(client, world, report):
    client.force_login(world.clerk)
    listed = client.get("/api/v1/reports/").json()["results"]
    assert str(report.pk) in {row["id"] for row in listed}
    found = client.get(f"/api/v1/reports/{report.pk}/").json()
    assert found["digest"] == queries.digest_of(found["content"])
    assert {one["code"] for one in found["available_moves"]} == {"confirm", "rebuild"}
    answer = client.post(
        f"/api/v1/reports/{report.pk}/moves/confirm/", {"sentence": "好", "version": 1}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "confirmed")
    again = client.post(f"/api/v1/reports/{report.pk}/moves/confirm/", {"version": 2}, content_type="application/json")
    assert again.status_code == 422
    made = client.post(
        f"/api/v1/reports/{report.pk}/moves/rebuild/", {"reason": "补录", "version": 2}, content_type="application/json"
    )
    assert (made.json()["edition"], made.json()["state"]) == (2, "draft")


def test_the_duty_to_confirm_leads_to_the_report(client, world, report):
    client.force_login(world.clerk)
    duty = Obligation.objects.get(rule="reports.confirm", subject=str(report.pk))
    page = text(client, "/obligations/")
    assert duty.title in page and report.get_absolute_url() in page
