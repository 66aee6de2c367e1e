"""Minutes and sign-in sheet as Word: what stands in them, that long and missing text does no harm, that they open."""

from __future__ import annotations

import io
import re
import subprocess

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from docx.oxml.ns import qn
from docx.shared import Mm
from PIL import Image

from brigade.files.actions import store
from brigade.kit.documents import check_template
from partybuilding.meetings import actions, documents
from partybuilding.meetings.documents import wordforms
from partybuilding.meetings.documents.minutes import _numeral
from partybuilding.meetings.rules import Count, Mark, Picture, Task, Topic
from tests.partybuilding import factories
from tests.partybuilding.factories import moment, sheet

pytestmark = pytest.mark.django_db
NOW = moment("2026-11-20", "18:00")


@pytest.fixture
def branch():
    return factories.branch(factories.world(), full=16, groups=2)


def recorded(branch, **fields):
    return actions.record_meeting(by=branch.recorder, sheet=sheet(branch, "2026-11-20", "MM", **fields), now=NOW)


def paragraphs(content):
    return [line.text for line in docx.Document(io.BytesIO(content.getvalue())).paragraphs if line.text.strip()]


def cells(content):
    table = docx.Document(io.BytesIO(content.getvalue())).tables[0]
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_minutes_say_who_was_there_what_was_voted_and_who_does_what(branch):
    day, people = moment("2026-12-10").date(), branch.members
    votes = (Count("ordinary", 12, 1),)
    topics = (
        Topic("first_topic", "传达学习", summary="逐段学习\n谈体会3人"),
        Topic(
            "vote",
            "分包路口",
            "张三",
            "先挂牌",
            "李四：人手不够",
            "同意挂牌",
            votes,
            (Task("挂牌", people[3].pk, day),),
        ),
    )
    marks = (
        Mark(people[1].pk, "leave_duty", "夜查"),
        Mark(people[2].pk, "leave_sick"),
        Mark(people[4].pk, "absent", "未说明"),
    )
    content, name = documents.minutes(recorded(branch, topics=topics, marks=marks))
    head, text = cells(content), paragraphs(content)
    assert (
        name == f"{branch.unit.short_name}党员大会会议记录20261120.docx"
        and text[0] == f"{branch.unit.short_name}党员大会会议记录"
    )
    assert head[0] == ["时间", "2026年11月20日 15:00–16:00", "地点", "会议室"]
    assert head[2] == ["应到", "16人", "实到", "13人"] and head[3][1::2] == ["16人", "13人"]
    assert head[4][1] == f"{people[1].name}（执勤公务：夜查）、{people[2].name}（病假）"
    assert head[5][1] == f"{people[4].name}（未说明）" and head[6][1] == "无"
    assert "一、第一议题：传达学习" in text and "谈体会3人" in text and "二、表决：分包路口" in text
    assert "张三：先挂牌" in text and "不同意见：李四：人手不够" in text and "决议：同意挂牌" in text
    assert "表决：应到会有表决权党员16人，实到13人，同意12票，反对1票，弃权0票，通过。" in text
    assert f"决定：挂牌，由{people[3].name}于2026年12月10日前办结。" in text
    assert any(line.startswith("主持人：____") for line in text)


def test_vote_line_names_the_person_and_the_written_opinions():
    branch = factories.branch(factories.world(), full=16, probationary=1)
    candidate = branch.members[16]
    vote = (Count("confirmation", 12, 1, candidates=(candidate.pk,)),)
    content, _name = documents.minutes(recorded(branch, topics=(Topic("vote", "转正", votes=vote),)))
    line = "：应到会有表决权党员16人，实到16人，同意12票，反对1票，弃权0票（书面意见0份），通过。"
    assert f"表决：{candidate.name}{line}" in paragraphs(content)


def test_what_was_never_filled_in_stays_empty(branch):
    plan = sheet(branch, "2026-11-25", "MM", place="", chair_id=None, recorder_id=None)
    meeting = actions.plan_meeting(by=branch.recorder, sheet=plan, now=NOW)
    content, _name = documents.minutes(meeting)
    head = cells(content)
    assert [row[1] for row in head[2:7]] == ["", "", "", "", ""] and head[1] == ["主持人", "", "记录人", ""]
    assert not any("undefined" in line.lower() or "None" in line for row in head for line in row)


def test_text_is_text_and_never_markup(branch):
    topics = (Topic("study", "<b>{{ 7*7 }}</b> & “引号”", summary="{% if %}\x00<w:p/>"),)
    content, _name = documents.minutes(recorded(branch, topics=topics))
    assert "一、学习：<b>{{ 7*7 }}</b> & “引号”" in paragraphs(content) and "{% if %}<w:p/>" in paragraphs(content)


def test_page_is_laid_out_as_official_papers_are(branch):
    content, _name = documents.minutes(recorded(branch))
    document = docx.Document(content)
    page, title = document.sections[0], document.paragraphs[0]
    assert [round(part.mm) for part in (page.page_width, page.page_height, page.top_margin, page.left_margin)] == [
        210,
        297,
        37,
        28,
    ]
    assert (
        title.runs[0].font.size.pt == 22 and title.runs[0]._element.rPr.rFonts.get(qn("w:eastAsia")) == "方正小标宋简体"
    )
    width = sum(int(column.get(qn("w:w"))) for column in document.tables[0]._tbl.tblGrid)
    assert abs(width / 56.7 - 156) < 1
    number = branch.unit.code
    for footer in (page.footer, page.even_page_footer):
        assert f"DJ-{number}-20261120-001　第1版" in "".join(line.text for line in footer.paragraphs)


def test_photos_come_on_a_last_page_only_when_asked(branch):
    content = io.BytesIO()
    Image.new("RGB", (80, 60), "navy").save(content, "PNG")
    files = [store(SimpleUploadedFile(f"{n}.png", content.getvalue()), by=branch.recorder) for n in range(3)]
    meeting = recorded(branch, photos=tuple(Picture(file.pk, "会场") for file in files))
    plain, with_photos = (docx.Document(documents.minutes(meeting, photos=asked)[0]) for asked in (False, True))
    assert len(plain.inline_shapes) == 0 and len(with_photos.inline_shapes) == 3
    assert with_photos.inline_shapes[0].width == Mm(74) and len(with_photos.tables[-1].rows) == 2


def test_sign_in_sheet_is_filled_from_the_roll_or_blank(branch):
    meeting = recorded(branch, marks=(Mark(branch.members[1].pk, "leave_sick", "发烧"),))
    filled, blank = (cells(documents.sign_in(meeting, blank=empty)[0]) for empty in (False, True))
    assert filled[0] == ["序号", "姓名", "党小组", "到会情况", "备注"] and len(filled) == 17
    assert filled[2] == ["2", branch.members[1].name, "第2党小组", "病假", "发烧"]
    assert blank[0][3] == "签名" and blank[2] == ["2", branch.members[1].name, "第2党小组", "", ""]


def test_blank_sheet_of_a_plan_lists_who_is_due(branch):
    plan = actions.plan_meeting(by=branch.recorder, sheet=sheet(branch, "2026-11-25", "CM"), now=NOW)
    content, name = documents.sign_in(plan, blank=True)
    assert len(cells(content)) == 6 and "空白" in name


def test_downloads_and_the_printed_page(client, branch):
    meeting = recorded(branch)
    client.force_login(branch.recorder)
    page = reverse("meetings:meeting_minutes", args=[meeting.pk])
    assert "党员大会会议记录" in client.get(page).content.decode()
    for address in (
        f"{page}?format=docx",
        f"{page}?format=docx&photos=1",
        reverse("meetings:meeting_sign_in", args=[meeting.pk]),
    ):
        answer = client.get(address)
        assert answer["Content-Type"] == documents.WORD and answer.getvalue()[:2] == b"PK"


@pytest.mark.parametrize("form", documents.FORMS, ids=lambda form: form.code)
def test_templates_ask_for_nothing_that_the_record_cannot_give(form):
    report = check_template(form.template.read_bytes(), form)
    assert (report.faults, report.warnings) == ([], [])


def test_the_form_of_the_minutes_declares_what_the_record_gives(branch):
    given = documents.minutes_context(recorded(branch))
    assert set(given) == {field.name for field in wordforms.MINUTES}


@pytest.mark.parametrize(("number", "word"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (34, "三十四")])
def test_headings_are_numbered_in_chinese(number, word):
    assert _numeral(number) == word


@pytest.fixture
def long_minutes(branch):
    """Two points of 5,000 characters, and every field that may be empty empty."""
    topics = tuple(Topic("deliberate", f"第{n}项" + "长" * 100, summary="说了很多。" * 1000) for n in range(2))
    content, _name = documents.minutes(recorded(branch, topics=topics, place="", recorder_id=None))
    return content


def test_long_minutes_are_whole(long_minutes):
    assert sum("说了很多" in line for line in paragraphs(long_minutes)) == 2


def test_long_minutes_stay_on_their_paper(long_minutes, office, tmp_path):
    assert 16 <= pages(long_minutes, office, tmp_path) <= 28


def pages(content: io.BytesIO, office: str, folder) -> int:
    source = folder / "paper.docx"
    source.write_bytes(content.getvalue())
    home = f"-env:UserInstallation=file://{folder}/office"
    command = [office, home, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return len(re.findall(rb"/Type\s*/Page[^s]", (folder / "paper.pdf").read_bytes()))
