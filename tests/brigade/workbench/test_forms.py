"""Pages of Word forms: the business administrator replaces one, sees it, and goes back."""

import io

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from brigade.audit.models import AuditEvent
from brigade.audit.states import Result
from brigade.files.models import FormTemplate
from brigade.files.queries import version_in_use
from brigade.files.states import FORMS
from brigade.kit.documents import Filling, can_print
from brigade.org.states import Role
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db
CODE = "meetings.sign_in"
PAGE = "/documents/meetings.sign_in/"


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def admin(client):
    somebody = person(Role.BUSINESS_ADMIN, at=unit("大队"))
    client.force_login(somebody)
    return somebody


def sent(client, *paragraphs):
    document, content = docx.Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(content)
    return client.post(PAGE, {"file": SimpleUploadedFile("签到表.docx", content.getvalue()), "note": "换抬头"})


def test_the_list_names_every_form_with_what_it_prints_by(client, admin):
    page = client.get(reverse("workbench:form_list")).text
    assert all(str(form.label) in page for form in FORMS.values())
    assert "文书模板" in client.get(reverse("workbench:home")).text


@pytest.mark.parametrize("role", [Role.CLERK, Role.BRIGADE_LEADER, Role.SYSTEM_ADMIN])
def test_nobody_else_gets_there(client, admin, role):
    sent(client, "{{ 标题 }}")
    client.force_login(person(role, at=unit("大队二")))
    for address in (reverse("workbench:form_list"), PAGE, f"{PAGE}0/", f"{PAGE}1/", f"{PAGE}0/as/example/"):
        assert client.get(address).status_code == 403
    for address in (PAGE, f"{PAGE}1/use/", f"{PAGE}take-back/"):
        assert client.post(address).status_code == 403
    assert "文书模板" not in client.get(reverse("workbench:home")).text


@pytest.mark.parametrize("code", list(FORMS))
def test_every_form_shows_its_fields_as_they_are_written(client, admin, code):
    page = client.get(reverse("workbench:form_detail", args=[code]))
    for field in FORMS[code].fields:
        assert str(field.label) in page.text
    assert "现在用自带模板" in page.text


def test_the_file_in_use_is_there_to_be_changed(client, admin):
    answer = client.get(f"{PAGE}0/")
    assert answer.getvalue() == FORMS[CODE].template.read_bytes()
    sent(client, "{{ 标题 }}")
    assert client.get(f"{PAGE}1/").getvalue()[:2] == b"PK"


def test_a_form_is_replaced_in_two_steps_and_taken_back(client, admin):
    assert sent(client, "{{ 标题 }}").status_code == 302
    page = client.get(PAGE).text
    assert "第1版检查通过，还没启用" in page and "没有用到：时间、地点、名单、编号" in page and "换抬头" in page
    assert version_in_use(CODE) == 0
    assert client.post(f"{PAGE}1/use/").status_code == 302
    assert version_in_use(CODE) == 1 and "现在用第1版" in client.get(PAGE).text
    assert admin.name in client.get(reverse("workbench:form_list")).text
    assert client.post(f"{PAGE}take-back/").status_code == 302
    assert version_in_use(CODE) == 0 and "现在用自带模板" in client.get(PAGE).text


def test_what_is_wrong_stands_there_as_a_list_and_nothing_changes(client, admin):
    answer = sent(client, "{{ 标提 }}", "{{ ''.__class__ }}", "{% set x = 1 %}")
    assert answer.status_code == 422
    assert "最接近的是“标题”（title）" in answer.text and "下划线" in answer.text
    assert not FormTemplate.objects.exists()
    noted = AuditEvent.objects.exclude(result=Result.OK).get()
    assert noted.actor_name == admin.name and "下划线" in noted.note


def test_without_a_file_it_is_asked_for(client, admin):
    assert "请选“Word文件”。" in client.post(PAGE, {}).text


def test_a_document_that_is_not_there_is_404(client, admin):
    for address in ("/documents/x/", f"{PAGE}7/", f"{PAGE}0/as/x/", f"{PAGE}7/as/example/"):
        assert client.get(address).status_code == 404
    assert client.post(f"{PAGE}7/use/").status_code == 404


def test_without_the_office_program_the_preview_is_a_word_file(client, admin, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not can_print()
    answer = client.get(f"{PAGE}0/as/{Filling.EXAMPLE}/")
    assert "刘建国" in str([row.cells[1].text for row in docx.Document(io.BytesIO(answer.getvalue())).tables[0].rows])


def test_the_preview_is_a_pdf_that_the_browser_shows(client, admin, office):
    answer = client.get(f"{PAGE}0/as/{Filling.EXAMPLE}/")
    assert answer.getvalue()[:5] == b"%PDF-" and answer["Content-Disposition"].startswith("inline")
    assert "sandbox" not in answer["Content-Security-Policy"]
