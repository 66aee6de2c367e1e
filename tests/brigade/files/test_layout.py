"""Every built-in Word form lies well on its paper: with examples, with nothing in it, and with the longest contents."""

import io
import re
import subprocess

import docx
import pytest
from docx.enum.table import WD_ROW_HEIGHT_RULE
from docx.oxml.ns import qn

from brigade.files.states import FORMS
from brigade.kit.documents import Filling, render_docx

PAGES = {
    "reports.report": (3, 1, 14),
    "meetings.minutes": (2, 1, 48),
    "meetings.sign_in": (1, 1, 31),
    "meetings.quarter_return": (1, 1, 2),
    "hazards.notice": (3, 2, 8),
    "hazards.advice": (3, 2, 8),
    "hazards.reminder": (2, 1, 4),
    "hazards.urging": (2, 1, 5),
    "hazards.government": (2, 1, 4),
    "hazards.listing": (2, 1, 4),
    "hazards.extension": (1, 1, 2),
    "hazards.verification": (1, 1, 3),
    "hazards.closing": (1, 1, 3),
    "hazards.listed": (2, 1, 5),
    "hazards.delisted": (2, 1, 5),
    "hazards.special": (2, 2, 15),
}
"""Sheets with examples, with nothing, with the longest; counted by hand when the form was made."""
A4 = {(595, 842), (842, 595)}


@pytest.fixture(scope="module")
def papers():
    """Every form by its code, filled in each way."""
    return {
        (code, filling): render_docx(form.template, form.filled(filling), form.fields)
        for code, form in FORMS.items()
        for filling in Filling.values
    }


def printed(papers, office, folder):
    """The PDF of each, by one run of the program."""
    for (code, filling), content in papers.items():
        (folder / f"{code}.{filling}.docx").write_bytes(content)
    home = f"-env:UserInstallation=file://{folder}/office"
    files = sorted(str(path) for path in folder.glob("*.docx"))
    command = [office, home, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *files]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return {key: (folder / f"{key[0]}.{key[1]}.pdf").read_bytes() for key in papers}


def sheets(pdf):
    return len(re.findall(rb"/Type\s*/Page[^s]", pdf))


def test_every_form_fills_the_sheets_that_it_should(papers, office, tmp_path):
    made = printed(papers, office, tmp_path)
    found = {code: tuple(sheets(made[code, filling]) for filling in Filling.values) for code in FORMS}
    assert {code: some[:2] for code, some in found.items()} == {code: some[:2] for code, some in PAGES.items()}
    for code, (_example, _empty, longest) in found.items():
        assert longest == pytest.approx(PAGES[code][2], rel=0.1, abs=1), code  # fonts differ a little
    for pdf in made.values():
        boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", pdf)
        assert boxes and {(round(float(width)), round(float(height))) for width, height in boxes} <= A4


@pytest.mark.parametrize("filling", Filling.values)
@pytest.mark.parametrize("code", list(FORMS))
def test_no_cell_can_cut_off_what_stands_in_it(papers, code, filling):
    word = docx.Document(io.BytesIO(papers[code, filling]))
    room = word.sections[0].page_width - word.sections[0].left_margin - word.sections[0].right_margin
    for table in word.tables:
        assert all(row.height_rule != WD_ROW_HEIGHT_RULE.EXACTLY for row in table.rows)
        width = sum(int(column.get(qn("w:w"))) for column in table._tbl.tblGrid)
        assert width * 635 <= room * 1.02


def text_of(word):
    return "".join(element.text or "" for element in word.element.body.iter(qn("w:t")))


@pytest.mark.parametrize("code", list(FORMS))
def test_the_longest_text_is_there_to_its_last_sign(papers, code):
    form, said = FORMS[code], text_of(docx.Document(io.BytesIO(papers[code, Filling.LONG])))
    asked = text_of(docx.Document(form.template))
    named = [field for field in form.fields if f"{{{{ {field.name} }}}}" in asked]
    assert named
    for field in named:
        assert str(field.filled(Filling.LONG)) in said


@pytest.mark.parametrize("code", list(FORMS))
def test_what_is_missing_leaves_no_trace_of_the_machine(papers, code):
    word = docx.Document(io.BytesIO(papers[code, Filling.EMPTY]))
    said = text_of(word)
    assert not re.search(r"None|Undefined|\{|\}|\[\]|False", said)
