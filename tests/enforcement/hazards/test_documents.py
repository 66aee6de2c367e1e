"""Documents say what was so when they were issued, in Word that opens."""

import subprocess
from datetime import date
from decimal import Decimal
from io import BytesIO

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from brigade.files import actions as files
from brigade.files.states import FORMS
from brigade.kit.documents import check_template
from brigade.kit.refusals import Refused
from enforcement.hazards import actions, documents
from enforcement.hazards.models import Hazard, HazardDocument
from enforcement.hazards.states import DocumentKind, form_code
from tests.brigade.org.factories import person
from tests.enforcement.hazards.world import (
    at,
    category,
    closed,
    controlled,
    graded,
    handed_in,
    later,
    notified,
    rectifying,
    verified,
)

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"


def text_of(content: BytesIO) -> str:
    word = docx.Document(content)
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in word.paragraphs] + cells)


@pytest.mark.parametrize("kind", DocumentKind.values)
def test_every_template_names_only_what_a_document_holds(kind):
    form = FORMS[form_code(kind)]
    report = check_template(form.template.read_bytes(), form)
    assert (report.faults, report.warnings) == ([], [])


def test_the_notice_says_where_what_until_when_and_has_a_slip(world):
    hazard = notified(world, DAY, days=30, description="支路接入视距不足35米")
    content, name = documents.paper(hazard.documents.get())
    said = text_of(content)
    for words in ("区公路中心", "东公交隐〔2025〕1号", hazard.number, "支路接入视距不足35米", "2025年6月5日", "回  执"):
        assert words in said
    assert name == "道路交通安全隐患整改通知书东公交隐〔2025〕1号.docx"


def test_a_letter_to_a_department_advises_by_the_law(world):
    said = text_of(documents.paper(notified(world, DAY, owner=world.housing).documents.get())[0])
    assert "建议按职责组织整改" in said
    assert "第二十九条第二款" in said


def test_a_document_says_today_what_it_said_when_it_was_issued(world):
    hazard = notified(world, DAY)
    before = text_of(documents.paper(hazard.documents.get())[0])
    Hazard.objects.filter(pk=hazard.pk).update(title="改名", place="别处")
    assert text_of(documents.paper(HazardDocument.objects.get(hazard=hazard))[0]) == before


def test_a_document_keeps_the_form_in_which_it_was_issued(world, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    admin = person("business_admin", at=world.brigade)
    old = notified(world, DAY).documents.get()
    form, content = FORMS[form_code("notice")], BytesIO()
    word = docx.Document()
    word.add_paragraph("本大队样式：{{ 文号 }}致{{ 责任单位 }}")
    word.save(content)
    upload = SimpleUploadedFile("通知书.docx", content.getvalue())
    row = files.upload_form(by=admin, form=form, upload=upload, now=at("2025-05-07T08:00"))
    files.put_form_into_use(by=admin, template=row, now=at("2025-05-07T08:00"))
    new = notified(world, "2025-05-08T08:00").documents.get()
    assert (old.facts["form"], new.facts["form"]) == (0, 1)
    assert text_of(documents.paper(new)[0]).startswith(f"本大队样式：{new.number}致区公路中心")
    assert "本大队样式" not in text_of(documents.paper(old)[0])
    files.take_back_form(by=admin, form=form, now=at("2025-05-09T08:00"))
    assert text_of(documents.paper(new)[0]).startswith("本大队样式")


def test_letters_of_the_ladder_count_days_and_name_what_went_out(world):
    rectifying(world, DAY, days=10)
    for day in ("2025-05-17", "2025-05-23", "2025-05-31", "2025-06-15"):
        actions.escalate_overdue(now=at(f"{day}T08:00"))
    reminder, urging, government, listing = HazardDocument.objects.filter(step__gt=0).order_by("step")
    assert "已逾期1天" in text_of(documents.paper(reminder)[0])
    said = text_of(documents.paper(urging)[0])
    assert "已逾期7天" in said
    assert f"逾期整改提醒函（{reminder.number}）" in said
    assert "区人民政府：" in text_of(documents.paper(government)[0])
    assert "挂牌督办事项" in text_of(documents.paper(listing)[0])


def test_record_of_verification_and_form_of_closing_name_both_police(world):
    hazard = closed(world, DAY)
    for kind in ("verification", "closing"):
        said = text_of(documents.paper(hazard.documents.get(kind=kind))[0])
        assert "李明哲、周海峰" in said
        assert "按期" in said
    record = docx.Document(documents.paper(hazard.documents.get(kind="verification"))[0])
    assert len(record.inline_shapes) == 3


def test_the_form_of_an_extension(world):
    hazard = rectifying(world, DAY, days=10)
    hazard = actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=1), days=5, reason="材料未到")
    hazard = actions.grant_extension(by=world.deputy, hazard=hazard, now=later(DAY, days=2), answer="抓紧")
    said = text_of(documents.paper(hazard.documents.get(kind="extension"))[0])
    for words in ("2025年5月16日", "5天，延至2025年5月21日", "材料未到", "同意。抓紧", "何立军"):
        assert words in said


COUNTY = {"level": "county", "document_no": "东安委〔2025〕3号", "leader": "区领导甲", "listed_on": date(2025, 5, 6)}


def listed_and_off(world) -> Hazard:
    """On the county's list while it was mended, and off it three days later."""
    hazard = actions.list_hazard(
        by=world.office, hazard=rectifying(world, DAY), now=later(DAY, hours=6), **COUNTY, due_on=date(2025, 8, 6)
    )
    hazard = verified(world, handed_in(world, hazard, later(DAY, days=1)), later(DAY, days=2))
    return actions.delist(
        by=world.office, hazard=hazard, now=later(DAY, days=3), level="county", document_no="东安委〔2025〕30号"
    )


def reported_up(world, **fields) -> Hazard:
    hazard = notified(world, DAY, major=True)
    given = {
        "crash_analysis": "近三年亡人事故2起，均为右转弯",
        "scheme": "拆除遮挡\n加装警示灯",
        "signed_by": world.deputy,
        "cost": Decimal("48000"),
    } | fields
    return actions.report_up(by=world.clerk, hazard=hazard, now=later(DAY, hours=4), **given)


def test_20_the_owner_gets_a_notice_when_it_is_listed_and_when_it_is_taken_off(client, world):
    hazard = listed_and_off(world)
    on, off = (hazard.documents.get(kind=kind) for kind in ("listed", "delisted"))
    said = text_of(documents.paper(on)[0])
    for words in ("区公路中心：", "东安委〔2025〕3号", "县级挂牌督办", "区领导甲", "2025年8月6日", hazard.number):
        assert words in said
    assert "逾期" not in said
    said = text_of(documents.paper(off)[0])
    for words in ("东安委〔2025〕30号", "自2025年5月9日起不再列为县级挂牌督办", "减速带和警示标志已装", "2025年5月8日"):
        assert words in said
    client.force_login(world.liaison)
    page = client.get(hazard.get_absolute_url()).content.decode()
    assert "挂牌督办通知" in page and "摘牌通知" in page


def test_what_is_listed_late_says_by_how_many_days_and_what_nobody_has_goes_to_nobody(world):
    late = rectifying(world, DAY, days=10)
    late = actions.list_hazard(by=world.office, hazard=late, now=at("2025-05-23T09:00"), **COUNTY)
    assert "至今已逾期7天" in text_of(documents.paper(late.documents.get(kind="listed"))[0])
    nobodys = actions.list_hazard(
        by=world.office, hazard=graded(world, DAY, category=category("signs")), now=later(DAY, days=1), **COUNTY
    )
    assert not nobodys.documents.exists() and nobodys.open_listing is not None


def test_the_special_report_says_crashes_scheme_cost_and_interim_measures(client, world):
    hazard = reported_up(world)
    paper = hazard.documents.get(kind="special")
    said = text_of(documents.paper(paper)[0])
    for words in (
        "区人民政府：", "第二十九条第二款", "近三年亡人事故2起", "拆除遮挡", "加装警示灯", "48000.00元", "限速40",
        "区公路中心", "重大",
    ):  # fmt: skip
        assert words in said
    assert paper.signed_by == world.deputy and hazard.cost_estimate == 48_000
    client.force_login(world.liaison)
    assert "隐患专题报告" not in client.get(hazard.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"crash_analysis": " "}, "写明这里的事故情况"),
        ({"scheme": ""}, "写明怎样整改"),
        ({"signed_by": None}, "不能签发"),
    ],
)
def test_a_special_report_lacks_nothing(world, change, sentence):
    if "signed_by" in change:
        change = {"signed_by": world.captain}
    with pytest.raises(Refused, match=sentence):
        reported_up(world, **change)


def test_only_what_is_grave_or_listed_and_held_down_is_reported_to_the_government(world):
    given = {"by": world.clerk, "now": later(DAY, days=1), "crash_analysis": "没有发生过", "scheme": "补标线"}
    given["signed_by"] = world.deputy
    plain = notified(world, DAY)
    with pytest.raises(Refused, match="重大的、挂牌的隐患才报送专题报告"), transaction.atomic():
        actions.report_up(hazard=plain, **given)
    listed = actions.list_hazard(by=world.office, hazard=plain, now=later(DAY, hours=5), **COUNTY)
    with pytest.raises(Refused, match="先登记临时管控措施"), transaction.atomic():
        actions.report_up(hazard=listed, **given)
    listed = controlled(world, listed, later(DAY, hours=6))
    made = actions.report_up(hazard=listed, **given).documents.get(kind="special")
    assert "县级，东安委〔2025〕3号" in text_of(documents.paper(made)[0])


def test_word_opens_them_all(world, office, tmp_path):
    listed_and_off(world)
    reported_up(world)
    hazard = rectifying(world, DAY, days=10, category=category("signs"))
    hazard = actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=1), days=5, reason="材料未到")
    actions.grant_extension(by=world.deputy, hazard=hazard, now=later(DAY, days=2))
    for day in ("2025-05-22", "2025-05-28", "2025-06-05", "2025-06-20"):
        actions.escalate_overdue(now=at(f"{day}T08:00"))
    notified(world, DAY, owner=world.housing, category=category("works"))
    found = {row.kind: row for row in HazardDocument.objects.select_related("hazard")}
    assert set(found) == set(DocumentKind.values)
    for kind, row in found.items():
        (tmp_path / f"{kind}.docx").write_bytes(documents.paper(row)[0].read())
    command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", "pdf"]
    files = sorted(str(path) for path in tmp_path.glob("*.docx"))
    subprocess.run([*command, "--outdir", str(tmp_path), *files], check=True, capture_output=True, timeout=180)
    assert len(list(tmp_path.glob("*.pdf"))) == len(DocumentKind.values)
