"""A workbook that was built to take the memory, the time or the worker of the portal is refused in a sentence."""

import io
import time
import zipfile

import pytest
import xlsxwriter

from brigade.kit import importing
from brigade.kit.importing import Column, books
from brigade.kit.refusals import Refused
from tests.brigade.kit.test_importing import HEAD, ROW, SHEET, book_of, part_replaced, read

SHARED, WORKBOOK, RELATIONS = "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


@pytest.fixture
def content():
    return book_of([HEAD, ROW])


@pytest.fixture(autouse=True)
def in_time():
    start = time.process_time()
    yield
    assert time.process_time() - start < 5


def opened(content, name, old, new):
    return importing.open_book(part_replaced(content, name, old, new))


@pytest.mark.parametrize(
    "written",
    [
        "0<![CDATA[1]]>",
        "0<!-- -->1",
        "0&#49;",
        "0<x/>1",
        "1<v>0</v>",
        " 1",
        "+1",
        "-1",
    ],
)
def test_a_number_that_two_readers_may_take_for_two_texts_is_refused(content, written):
    with pytest.raises(Refused, match="已损坏"):
        opened(content, SHEET, b"<v>0</v>", f"<v>{written}</v>".encode())


def test_texts_stand_in_their_own_part_only(content):
    with pytest.raises(Refused, match="已损坏"):
        opened(content, SHEET, b"<sheetData>", b"<si/><sheetData>")
    with pytest.raises(Refused, match="已损坏"):
        opened(content, SHARED, b"<si>", b"<si><si/>")


@pytest.mark.parametrize(
    "filling",
    [
        '<c r="' + "A" * 900_000 + '2"><v>1</v></c>',
        "<a>" * 100_000 + "</a>" * 100_000,
        "".join(f"<a{n}/>" for n in range(20_000)),
        "<q " + " ".join(f'a{n}=""' for n in range(200_000)) + "/>",
    ],
    ids=["a column of a million letters", "elements in each other", "names", "attributes"],
)
def test_what_the_reader_of_xml_would_keep_in_memory_is_bounded(monkeypatch, content, filling):
    monkeypatch.setattr(books, "_STEP", 65_536)
    stretched = part_replaced(content, SHEET, b"</sheetData>", f"<row>{filling}</row></sheetData>".encode())
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(stretched)) as source, zipfile.ZipFile(output, "w") as plain:
        for name in source.namelist():
            plain.writestr(name, source.read(name))
    with pytest.raises(Refused, match="已损坏"):
        importing.open_book(output.getvalue())


def test_a_sheet_that_is_named_twice_is_not_read_twice(content):
    sheet = b'<sheet name="\xe4\xba\xba\xe5\x91\x98" sheetId="1" r:id="rId1"/>'
    with pytest.raises(Refused, match="已损坏"):
        opened(content, WORKBOOK, sheet, sheet + b'<sheet name="b" sheetId="2" r:id="rId1"/>')
    for target in (b"worksheets/sheet1.xml", b"/xl/worksheets/sheet1.xml", b"xl/Worksheets/sheet1.xml"):
        again = b'<Relationship Id="rId99" Type="worksheet" Target="' + target + b'"/></Relationships>'
        with pytest.raises(Refused, match="已损坏"):
            opened(content, RELATIONS, b"</Relationships>", again)


def test_sheets_that_are_all_blanks_are_not_laid_out_without_end(monkeypatch, content):
    monkeypatch.setattr(books, "MAX_AREA", 20)
    assert len(read(content)) == 1
    far = part_replaced(content, SHEET, b"</sheetData>", b'<row r="9"><c r="A9"><v>1</v></c></row></sheetData>')
    with pytest.raises(Refused, match="表格过大"):
        read(far)


@pytest.mark.parametrize("number", [b"1e9", b"-1e9", b"1e308", b"-1e308", b"inf", b"-inf"])
def test_a_time_beyond_all_calendars_does_not_break_the_reader(number):
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output)
    sheet = book.add_worksheet("人员")
    sheet.write_row(0, 0, ["名称", "时长"])
    sheet.write_number(1, 1, 5, book.add_format({"num_format": "[h]:mm"}))
    book.close()
    content = part_replaced(output.getvalue(), SHEET, b"<v>5</v>", b"<v>" + number + b"</v>")
    with pytest.raises(Refused, match="“人员”这张表里有过大的数或时间，读不出来，请改正后再导入。"):
        read(content, [Column("name", "名称"), Column("took", "时长")])


@pytest.mark.parametrize("number", [b"NaN", b"inf", b"-inf", b"1e999"])
def test_what_is_no_number_is_none_though_it_is_kept_as_one(number):
    content = book_of([["名称", "数量"], ["a", "b"]])
    content = part_replaced(content, SHEET, b'<c r="B2" t="s"><v>3</v></c>', b'<c r="B2"><v>' + number + b"</v></c>")
    [row] = read(content, [Column("name", "名称"), Column("n", "数量", "number")])
    assert row.values["n"] is None
    assert "不是数，只填数字和小数点。" in row.faults[0].sentence


def test_a_cell_says_no_more_than_a_cell_can_hold():
    content = book_of([["名称", "数量"], ["a", "b"]])
    content = part_replaced(content, SHARED, b"<si><t>b</t></si>", ("<si><t>" + "ﷺ" * 40_000 + "</t></si>").encode())
    columns = [Column("name", "名称"), Column("n", "数量", "choice", choices=(("a", "甲"),))]
    [row] = read(content, columns)
    assert row.faults[0].sentence == "最多32767个字，现在是40000个"


def test_merged_cells_of_a_full_sheet_are_filled_in_seconds():
    lines = [["名称", "数量", *(f"列{n}" for n in range(48))], *([1] * 50 for _n in range(3000))]
    areas = "".join(f'<mergeCell ref="{chr(65 + n)}2:{chr(65 + n)}3000"/>' for n in range(2, 26))
    merged = f"<mergeCells>{areas}</mergeCells><pageMargins".encode()
    content = part_replaced(book_of(lines), SHEET, b"<pageMargins", merged)
    assert len(read(content, [Column("name", "名称"), Column("n", "数量")])) == 3000
