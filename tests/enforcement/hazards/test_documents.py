"""Documents say what was so when they were issued, in Word that opens."""

import subprocess
from io import BytesIO

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from brigade.files import actions as files
from brigade.files.states import FORMS
from brigade.kit.documents import check_template
from enforcement.hazards import actions, documents
from enforcement.hazards.models import Hazard, HazardDocument
from enforcement.hazards.states import DocumentKind, form_code
from tests.brigade.org.factories import person
from tests.enforcement.hazards.world import at, category, closed, later, notified, rectifying

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


def test_word_opens_them_all(world, office, tmp_path):
    closed(world, DAY)
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
