"""A Word file may take the place of a form when it says what the form knows, and does nothing else."""

import io
import re
import struct
import time
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from brigade.kit.documents import Field, Filling, WordForm, check_template, render_docx

FORM = WordForm(
    "test.notice",
    "试",
    "通知书",
    Path(),
    (
        Field("number", "文号", "42号", required=True),
        Field("owner", "责任单位", "区公路中心", longest=60, required=True),
        Field("due_on", "整改期限", "2026年4月8日"),
        Field("quarters", "季度", "一季度", lines=4, fixed=True),
        Field("history", "已发文书", "3月9日 通知书", lines=6),
        Field(
            "checks",
            "核验项",
            lines=4,
            parts=(Field("item", "项目", "位置合适"), Field("notes", "记录", "看过", longest=80, lines=3)),
        ),
    ),
)
TEXT = ("{{ number }}{{ owner }}",)


def word(*paragraphs, change=None):
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if change is not None:
        change(document)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def repacked(content, change):
    """The archive with parts put in or changed: `change` maps names to contents; None leaves out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change.pop(name, old.read(name))
            new.writestr(name, part(old.read(name)) if callable(part) else part)
        for name, part in change.items():
            new.writestr(name, part)
    return made.getvalue()


def faults(*paragraphs, **more):
    return "\n".join(check_template(word(*paragraphs, **more), FORM).faults)


def lines_of(content):
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]


# What a clerk writes


@pytest.mark.parametrize(
    "paragraphs",
    [
        ("{{ number }}", "{{ owner }}"),
        ("{{ 文号 }}", "{{ 责任单位 }}"),
        (*TEXT, "{%p for line in history %}", "{{ line }}", "{%p endfor %}"),
        (*TEXT, "{%p for 行 in 核验项 %}", "{{ loop.index }}{{ 行.项目 }}", "{%p endfor %}"),
        (
            *TEXT,
            "{%p for 行 in 核验项 %}",
            "{%p for 句 in 行.记录 %}",
            "{{ 句 }}",
            "{%p endfor %}",
            "{%p endfor %}",
        ),
        (*TEXT, "{%p if due_on %}", "限{{ due_on }}前", "{%p endif %}"),
        (*TEXT, "{% if due_on == '' and not history %}不限{% else %}{{ due_on }}{% endif %}"),
        (*TEXT, "{{ quarters[0] }}{{ 季度[3] }}", "{{ history|join('、') }}", "共{{ checks|length }}项"),
        (*TEXT, "{{ due_on|default('—') }}"),
    ],
)
def test_a_template_in_order_is_taken(paragraphs):
    assert check_template(word(*paragraphs), FORM).faults == []


def test_chinese_names_print_what_the_english_ones_do():
    template = word("{{ 文号 }}", "{%p for 行 in 核验项 %}", "{{ 行.项目 }}", "{%p endfor %}")
    values = FORM.filled(Filling.EXAMPLE)
    assert lines_of(render_docx(io.BytesIO(template), values, FORM.fields)) == ["42号", *["位置合适"] * 3]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("{{ due_no }}", "最接近的是“整改期限”（due_on）"),
        ("{{ 整改时限 }}", "最接近的是“整改期限”（due_on）"),
        ("{% for x in checks %}{{ x.itme }}{% endfor %}", "最接近的是“项目”（item）"),
        ("{{ salary }}", "照字段表里的名字写"),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest_known_one(text, near):
    assert near in faults(text)


def test_everything_that_is_wrong_is_said_at_once():
    told = faults("{{ numbre }}", "{{ onwer }}", "{{ number.upper() }}", "{% import 'os' as x %}", "{{ number owner }}")
    for what in ("numbre", "onwer", "不能调用函数", "“import”", "“number owner”"):
        assert what in told


def test_a_part_that_only_word_shows_is_checked_too():
    def everywhere(document):
        document.sections[0].header.paragraphs[0].text = "{{ head }}"
        document.sections[0].footer.paragraphs[0].text = "{{ foot }}"
        document.core_properties.title = "{{ property }}"

    told = faults(*TEXT, change=everywhere)
    assert all(name in told for name in ("head", "foot", "property"))


@pytest.mark.parametrize("heap", ["<", "{<"])
def test_a_heap_of_signs_where_word_keeps_the_title_is_refused_at_once(heap):
    """Looked at from every sign on, a megabyte of them would keep the whole portal busy for minutes."""
    begun = time.process_time()
    title = b"<dc:title>" + (heap * 100_000).replace("<", "&lt;").encode() + b"</dc:title>"
    told = check_template(with_title(word(*TEXT), title), FORM).faults
    assert told == ["文档属性里的文字过长，在Word“文件—信息”里把标题、备注删短再传。"]
    assert time.process_time() - begun < 5


def with_title(content: bytes, title: bytes) -> bytes:
    """The same Word file with another title; the library that writes it takes 255 characters only."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"<dc:title>.*?</dc:title>|<dc:title/>", b"", part)
                part = part.replace(b"</cp:coreProperties>", title + b"</cp:coreProperties>")
            new.writestr(name, part)
    return made.getvalue()


def test_a_needed_field_that_is_not_used_is_a_warning_and_no_fault():
    report = check_template(word("{{ number }}"), FORM)
    assert report.faults == [] and report.warnings == ["没有用到：责任单位。确实不要就不用管。"]


def test_a_field_with_one_brace_is_a_warning():
    assert "只有一层括号" in "".join(check_template(word(*TEXT, "{整改期限}"), FORM).warnings)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ number", "没有写完"),
        ("{{ number }", "没有写完"),
        ("number }}", "“number }}”这里的括号没有成对"),
        ("{{ number {{ owner }}", "“{{ number”这里的括号没有成对"),
        ("{{ number\n{{ owner }}", "“{{ number”这里的括号没有成对"),
        ("｛｛ 文号 ｝｝", "全角"),
        ("{{ number owner }}", "“number owner”这种写法认不得"),
        ("{% if number %}", "没有配对"),
        ("{% endfor %}", "没有配对"),
        ("{%p for x in history %}{{ x }}{%p endfor %}", "带p的独占一段"),
        ("{{ checks }}", "要用for逐行写"),
        ("{% for x in number %}{% endfor %}", "只有一项"),
        ("{{ history[0] }}", "不能用方括号取"),
        ("{{ quarters[4] }}", "只有4项"),
        ("{{ number.length }}", "没有“length”这一项"),
        ("{# 备注 #}", "用Word的批注"),
    ],
)
def test_a_slip_is_said_in_words_that_mend_it(text, reason):
    assert reason in faults(*TEXT, text)


# What a stranger tries


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ number.__class__ }}",
        "{{ number['__class__'] }}",
        "{{ number|attr('__class__') }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__ }}",
        "{{ config }}",
        "{{ request.application }}",
        "{{ loop }}",
        "{{ [].append }}",
        "{{ [1, 2] }}",
        "{{ {'a': 1} }}",
        "{{ 7*7 }}",
        "{{ 'a' * 10**9 }}",
        "{{ number ~ number }}",
        "{{ number|upper }}",
        "{{ number|safe }}",
        "{{ number|center(1000000000) }}",
        "{{ number|default(number.x()) }}",
        "{{ checks|map('x')|join }}",
        "{{ checks|join }}",
        "{{ history|join(sep=owner) }}",
        "{{ number if owner }}",
        "{{ number is defined }}",
        "{{ number > 3 }}",
        "{{ 'x' in owner }}",
        "{% import 'os' as x %}",
        "{% include 'etc/passwd' %}",
        "{% extends 'x' %}",
        "{% set x = number %}",
        "{% macro x() %}{% endmacro %}",
        "{% call x() %}{% endcall %}",
        "{% block x %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with x = 1 %}{% endwith %}",
        "{% raw %}{% endraw %}",
        "{% autoescape false %}{{ number }}{% endautoescape %}",
        "{% do number %}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% for i in number.split() %}x{% endfor %}",
        "{% for i in history recursive %}{{ loop(history) }}{% endfor %}",
        "{% for a, b in checks %}{{ a }}{% endfor %}",
        "{% for a in history %}{% for b in history %}{% for c in history %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for _x in history %}{{ _x }}{% endfor %}",
        "{% if ().__class__ %}{% endif %}",
        "{{ " + "(" * 5000 + "number" + ")" * 5000 + " }}",
    ],
)
def test_code_in_a_template_is_refused(text):
    assert faults(*TEXT, text)


def test_code_spread_over_runs_is_found():
    def spread(document):
        line = document.add_paragraph()
        for piece in ("{", "{ ''.__cl", "ass__ ", "}", "}"):
            line.add_run(piece)

    assert "__class__" in faults(*TEXT, change=spread)


def test_code_in_an_attribute_is_found():
    def hidden(document):
        document.paragraphs[0]._p.set(qn("w:rsidR"), "{{ ''.__class__ }}")

    assert "看不见的地方" in faults(*TEXT, change=hidden)


def test_a_thousand_signs_that_do_not_close_cost_no_time():
    assert faults("{{ " * 100_000)


@pytest.mark.parametrize(
    "instruction", ["DDEAUTO c:\\windows\\cmd.exe", "INCLUDETEXT http://x", "HYPERLINK x", "QUOTE 68"]
)
def test_fields_of_word_that_fetch_are_refused(instruction):
    def field(document):
        line = document.add_paragraph()
        for kind in ("begin", "", "end"):
            run = line.add_run()
            part = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                part.set(qn("w:fldCharType"), kind)
            else:
                part.text = f" {instruction} "
            run._r.append(part)

    assert "域" in faults(*TEXT, change=field)


def test_a_field_of_word_cannot_be_cut_by_a_condition():
    def field(document):
        line = document.add_paragraph()
        for name, text in (("fldChar", "begin"), ("instrText", "PAGE "), ("t", "{% if 0 %}"), ("fldChar", "end")):
            part = OxmlElement(f"w:{name}")
            if name == "fldChar":
                part.set(qn("w:fldCharType"), text)
            else:
                part.text = text
            line.add_run()._r.append(part)

    assert "域" in faults(*TEXT, change=field)


def test_page_numbers_are_welcome():
    def numbered(document):
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), "PAGE \\* MERGEFORMAT")
        document.sections[0].footer.paragraphs[0]._p.append(field)

    assert faults(*TEXT, change=numbered) == ""


RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BODY_LINKS = "word/_rels/document.xml.rels"


def linked(kind, target, mode="External"):
    row = f'<Relationship Id="rIdX" Type="{RELATIONS}/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    return repacked(word(*TEXT), {BODY_LINKS: lambda old: old.replace(b"</Relationships>", row.encode())})


@pytest.mark.parametrize(
    ("kind", "target", "reason"),
    [
        ("attachedTemplate", "http://203.0.113.5/x.dotm", "另一个模板"),
        ("image", "file://203.0.113.5/share/x.png", "链接了外面的内容"),
        ("oleObject", "http://203.0.113.5/x", "链接了外面的内容"),
        ("hyperlink", "http://203.0.113.5/", "链接了外面的内容"),
    ],
)
def test_a_template_that_fetches_from_outside_is_refused(kind, target, reason):
    report = check_template(linked(kind, target), FORM)
    assert reason in "".join(report.faults)


def test_a_page_of_the_web_put_in_by_a_part_is_refused():
    assert "嵌入了别的文件" in "".join(check_template(linked("aFChunk", "x.xml", "Internal"), FORM).faults)


def test_an_object_in_the_text_is_refused():
    def embedded(document):
        document.paragraphs[0].add_run()._r.append(OxmlElement("w:object"))

    assert "嵌入了别的文件" in faults(*TEXT, change=embedded)


@pytest.mark.parametrize("name", ["word/oleObject1.bin", "word/afchunk.htm", "word/fonts/x.ttf", "run.scr"])
def test_a_part_of_another_kind_is_refused(name):
    assert "夹带了" in "".join(check_template(repacked(word(*TEXT), {name: b"MZ"}), FORM).faults)


BILLION = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("ahead", ["", "<!--" + "x" * 6000 + "-->"])
def test_an_entity_is_refused_wherever_it_hides(ahead):
    def grown(old):
        head, rest = old.split(b"?>", 1)
        return head + b"?>" + ahead.encode() + BILLION.encode() + rest

    assert "外部引用" in "".join(check_template(repacked(word(*TEXT), {"word/document.xml": grown}), FORM).faults)


@pytest.mark.parametrize(
    "part", [b"<w:document", b"", b"\xff\xfe\x00", b"<x>" * 5000, b"<x/>", struct.pack("<200I", *range(200))]
)
def test_a_broken_body_is_refused(part):
    assert check_template(repacked(word(*TEXT), {"word/document.xml": part}), FORM).faults


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml", "dotx"),
        ("application/vnd.ms-word.document.macroEnabled.main+xml", "宏"),
    ],
)
def test_templates_and_macro_documents_of_word_are_told_apart(kind, reason):
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    content = repacked(word(*TEXT), {"[Content_Types].xml": lambda old: old.replace(plain, kind.encode())})
    assert reason in "".join(check_template(content, FORM).faults)


# What it is tried with


def test_a_form_is_tried_with_examples_nothing_and_the_longest():
    example, empty, longest = (FORM.filled(filling) for filling in (Filling.EXAMPLE, Filling.EMPTY, Filling.LONG))
    assert example["owner"] == "区公路中心" and len(example["checks"]) == 3
    assert empty["owner"] == "" and empty["checks"] == [] and empty["quarters"] == [""] * 4
    assert len(longest["owner"]) == 60 and len(longest["checks"]) == 4 and len(longest["checks"][0]["notes"]) == 3
