"""A Word form of the portal is replaced by the brigade's own, and what was issued before keeps its form."""

import io

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.files import actions, queries
from brigade.files.models import File, FormTemplate
from brigade.files.rules import BadTemplate
from brigade.files.states import FORMS
from brigade.kit.documents import Filling
from brigade.kit.refusals import NotAllowed, Refused
from brigade.org.states import Role
from tests.brigade.files import samples
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db
CODE = "meetings.sign_in"
PARAGRAPHS = ("{{ 标题 }}", "{{ 时间 }}{{ 地点 }}{{ 编号 }}", "{%p for 行 in 名单 %}", "{{ 行.姓名 }}", "{%p endfor %}")


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def admin():
    return person(Role.BUSINESS_ADMIN, at=unit("大队"))


def word(*paragraphs):
    document, content = docx.Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(content)
    return content.getvalue()


def upload(by, *paragraphs, content=None, name="签到表.docx"):
    file = SimpleUploadedFile(name, word(*paragraphs) if content is None else content)
    return actions.upload_form(by=by, form=FORMS[CODE], upload=file, now=timezone.now())


def used(by, *paragraphs):
    return actions.put_form_into_use(by=by, template=upload(by, *paragraphs), now=timezone.now())


def printed(version=None):
    content = queries.fill(CODE, FORMS[CODE].filled(Filling.EXAMPLE), version=version)
    return "\n".join(line.text for line in docx.Document(io.BytesIO(content)).paragraphs)


def test_what_was_only_uploaded_prints_nothing(admin):
    row = upload(admin, "本单位样式", *PARAGRAPHS)
    assert (row.version, row.valid_from, row.by_name) == (1, None, admin.name)
    assert queries.version_in_use(CODE) == 0 and "本单位样式" not in printed()


def test_the_replaced_form_is_what_prints_next(admin):
    used(admin, "本单位样式", *PARAGRAPHS)
    assert printed().startswith("本单位样式") and "刘建国" in printed()


def test_an_earlier_version_prints_as_it_did(admin):
    used(admin, "第一种样式", *PARAGRAPHS)
    used(admin, "第二种样式", *PARAGRAPHS)
    assert printed().startswith("第二种样式")
    assert printed(version=1).startswith("第一种样式")
    assert "样式" not in printed(version=0)
    first, second = FormTemplate.objects.order_by("version")
    assert first.replaced_at is not None and second.is_in_use


def test_the_portals_own_form_comes_back_and_nothing_is_deleted(admin):
    used(admin, "本单位样式", *PARAGRAPHS)
    actions.take_back_form(by=admin, form=FORMS[CODE], now=timezone.now())
    assert "本单位样式" not in printed() and printed(version=1).startswith("本单位样式")
    with pytest.raises(Refused, match="现在用的就是自带模板"):
        actions.take_back_form(by=admin, form=FORMS[CODE], now=timezone.now())


def test_a_version_that_was_replaced_comes_again_as_a_version_of_its_own(admin):
    first = used(admin, "第一种样式", *PARAGRAPHS)
    used(admin, "第二种样式", *PARAGRAPHS)
    again = actions.put_form_into_use(by=admin, template=first, now=timezone.now())
    assert (again.version, again.note, again.file) == (3, "同第1版", first.file)
    assert printed().startswith("第一种样式")


def test_the_version_in_use_is_not_put_into_use_again(admin):
    row = used(admin, *PARAGRAPHS)
    with pytest.raises(Refused, match="已经在用"):
        actions.put_form_into_use(by=admin, template=row, now=timezone.now())


def test_one_version_at_a_time_is_in_use(admin):
    row = used(admin, *PARAGRAPHS)
    row.pk, row.version = None, 9
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_version_whose_form_has_changed_meanwhile_is_not_put_into_use(admin, monkeypatch):
    row = upload(admin, *PARAGRAPHS)
    monkeypatch.setitem(FORMS, CODE, FORMS["meetings.quarter_return"])
    with pytest.raises(BadTemplate, match="最接近的是|照字段表"):
        actions.put_form_into_use(by=admin, template=row, now=timezone.now())
    assert queries.warnings_of(row)


def test_every_step_is_in_the_audit(admin):
    used(admin, *PARAGRAPHS)
    actions.take_back_form(by=admin, form=FORMS[CODE], now=timezone.now())
    verbs = AuditEvent.objects.filter(verb__startswith="form.").order_by("pk").values_list("verb", "target_title")
    assert list(verbs) == [
        ("form.uploaded", "签到表第1版"),
        ("form.put_into_use", "签到表第1版"),
        ("form.taken_back", "签到表第1版"),
    ]


@pytest.mark.parametrize("role", [Role.CLERK, Role.BRIGADE_LEADER, Role.SYSTEM_ADMIN])
def test_only_the_business_administrator_replaces_forms(admin, role):
    row, other = upload(admin, *PARAGRAPHS), person(role, at=unit("大队二"))
    with pytest.raises(NotAllowed):
        upload(other, *PARAGRAPHS)
    with pytest.raises(NotAllowed):
        actions.put_form_into_use(by=other, template=row, now=timezone.now())
    with pytest.raises(NotAllowed):
        actions.take_back_form(by=other, form=FORMS[CODE], now=timezone.now())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MZ\x90\x00" + b"x" * 400, "这里只收Word文档，这个文件的内容不是。"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 400, "旧的.doc格式"),
        (b"", "空的"),
        (samples.pdf(), "这里只收Word文档"),
        (samples.sheet(), "这里只收Word文档"),
        (samples.picture(), "这里只收Word文档"),
        (b"PK\x03\x04" + b"x" * 400, "损坏"),
        (b"PK\x03\x04" + b"x" * 5 * 1024 * 1024, "模板超过5MB"),
    ],
)
def test_what_is_no_word_file_is_refused_in_a_sentence(admin, content, reason):
    with pytest.raises(Refused, match=reason):
        upload(admin, content=content)
    assert not FormTemplate.objects.exists() and not File.objects.exists()


BOMB = ("word/media/image1.png", b"\0" * 60_000_000)
MACRO = ("word/vbaProject.bin", b"x")
OLE = ("word/embeddings/oleObject1.bin", b"x")
ENTITY = ("word/styles.xml", '<!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>')


@pytest.mark.parametrize(
    ("part", "reason"), [(BOMB, "展开后过大"), (MACRO, "宏"), (OLE, "宏或嵌入的程序"), (ENTITY, "外部引用")]
)
def test_a_harmful_word_file_is_refused(admin, part, reason):
    with pytest.raises(BadTemplate, match=reason):
        upload(admin, content=samples.word_with(part))


def test_code_in_a_template_keeps_nothing(admin):
    with pytest.raises(BadTemplate) as caught:
        upload(admin, "{{ ''.__class__ }}", "{% import 'os' as x %}", "{% for i in range(10**9) %}{% endfor %}")
    assert len(caught.value.report.faults) >= 1
    assert not FormTemplate.objects.exists() and not File.objects.exists()
