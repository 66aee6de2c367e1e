"""Word forms say what the record says: no more, no less, and nothing in it comes to life."""

import io

import docx
import pytest
from django.utils.translation import gettext_lazy
from docx.oxml.ns import qn

from brigade.kit.documents import render_docx
from brigade.kit.refusals import Refused


@pytest.fixture
def template(tmp_path):
    def make(*paragraphs):
        document = docx.Document()
        for paragraph in paragraphs:
            document.add_paragraph(paragraph)
        path = tmp_path / "会议记录.docx"
        document.save(path)
        return path

    return make


def lines_of(content):
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]


def test_a_template_is_filled(template):
    path = template("{{ branch }}", "应到{{ expected }}人", "{%p for name in names %}", "{{ name }}", "{%p endfor %}")
    content = render_docx(path, {"branch": gettext_lazy("一支部"), "expected": 12, "names": ["张三", "李四"]})
    assert lines_of(content) == ["一支部", "应到12人", "张三", "李四"]


def test_lines_stay_lines(template):
    assert lines_of(render_docx(template("{{ text }}"), {"text": "一、学习\n二、讨论"})) == ["一、学习\n二、讨论"]


@pytest.mark.parametrize("text", ["<w:p/>&amp;", "{{ other }}", "{% raise %}", "a & b < c", "👮 𠮷", '"引号"', "]]>"])
def test_what_was_typed_goes_in_as_text(template, text):
    assert lines_of(render_docx(template("{{ text }}"), {"text": text})) == [text]


@pytest.mark.parametrize("text", ["张\0三", "张\x0b三", "张\ud800三", "张\uffff三"])
def test_signs_that_break_a_document_are_left_out(template, text):
    assert lines_of(render_docx(template("{{ text }}{{ of.it }}"), {"text": text, "of": {"it": [text][0]}})) == [
        "张三张三"
    ]


def test_nothing_known_is_left_blank(template):
    assert lines_of(render_docx(template("主持人：{{ chair }}"), {"chair": None})) == ["主持人："]


def test_a_field_that_the_record_has_not_is_refused_and_not_left_blank(template):
    with pytest.raises(Refused, match="minutes"):
        render_docx(template("{{ minutes }}"), {"text": "x"})


@pytest.mark.parametrize(
    "expression",
    ["{{ ''.__class__.__mro__ }}", "{{ text.__init__.__globals__ }}", "{{ names.append('x') }}"],
)
def test_a_template_cannot_reach_out_of_its_box(template, expression):
    with pytest.raises(Refused):
        render_docx(template(expression), {"text": "x", "names": ["y"]})


def test_a_template_gets_values_and_never_objects(template):
    class Record:
        password = "geheim"

        def __str__(self):
            return "会议记录"

    assert lines_of(render_docx(template("{{ record }}"), {"record": Record()})) == ["会议记录"]
    with pytest.raises(Refused):
        render_docx(template("{{ record.password }}"), {"record": Record()})


def test_a_broken_template_is_refused(template):
    with pytest.raises(Refused, match="模板写法有误"):
        render_docx(template("{% if %}"), {})


def test_a_loop_with_nothing_to_write_leaves_a_sound_table(tmp_path):
    document = docx.Document()
    cell, row, whole = (document.add_table(rows=2, cols=2) for _n in range(3))
    cell.cell(0, 0).text = "内容"
    for text in ("{%p for x in names %}", "{{ x }}", "{%p endfor %}"):
        cell.cell(0, 1).add_paragraph(text)
    cell.cell(0, 1)._tc.remove(cell.cell(0, 1).paragraphs[0]._p)
    row.cell(0, 0).text, row.cell(0, 1).text = "{%tc for x in names %}", "{%tc endfor %}"
    whole.cell(0, 0).text, whole.cell(1, 0).text = "{%tr for x in names %}", "{%tr endfor %}"
    document.save(tmp_path / "template.docx")
    made = docx.Document(io.BytesIO(render_docx(tmp_path / "template.docx", {"names": []})))
    assert [[len(line.cells) for line in table.rows] for table in made.tables] == [[2, 2], [2]]
    assert all(cell._tc[-1].tag == qn("w:p") for table in made.tables for line in table.rows for cell in line.cells)
