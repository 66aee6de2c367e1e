"""What leaves in a sheet is what was on the screen, and nothing in it comes to life in a spreadsheet."""

import csv
import gc
import io
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from brigade.kit import exporting
from brigade.kit.exporting import Column
from brigade.kit.refusals import Refused

AT = datetime(2026, 6, 26, 7, 30, tzinfo=UTC)
COLUMNS = [
    Column(gettext_lazy("事项"), 30),
    Column("身份证号", 20, "id"),
    Column("件数", 8, "integer"),
    Column("金额", 10, "number"),
    Column("办理日期", 12, "date"),
    Column("办结时间", 18, "moment"),
]
ROW = ["补换行驶证", "371502199001011234", 3, Decimal("12.50"), date(2026, 6, 1), AT]


def sheet_of(rows, columns=COLUMNS, **head):
    book = io.BytesIO()
    given_head = {"title": "办件台账", "unit": "车管所", "filters": "", "person": "张三", **head}
    exporting.write_xlsx(book, at=AT, columns=columns, rows=rows, **given_head)
    return openpyxl.load_workbook(book).active


def csv_of(rows, columns=COLUMNS):
    file = io.StringIO()
    exporting.write_csv(file, columns, rows)
    return list(csv.reader(io.StringIO(file.getvalue().removeprefix("\ufeff"), newline="")))


def test_the_head_says_what_whose_which_who_and_when():
    sheet = sheet_of([ROW], filters="状态：在办；6月")
    assert sheet["A1"].value == "办件台账"
    assert sheet["A2"].value == "填报单位：车管所　导出人：张三　导出时间：2026-06-26 15:30"
    assert sheet["A3"].value == "筛选条件：状态：在办；6月"
    assert [cell.value for cell in sheet[4]] == ["事项", "身份证号", "件数", "金额", "办理日期", "办结时间"]


def test_the_head_stays_in_sight_and_on_every_page():
    sheet = sheet_of([ROW] * 3)
    assert sheet.freeze_panes == "A5"
    assert sheet.print_title_rows == "$1:$4"
    assert sheet.auto_filter.ref == "A4:F7"


def test_values_keep_their_nature():
    cells = sheet_of([ROW])[5]
    assert [cell.value for cell in cells] == [
        "补换行驶证", "371502199001011234", 3, 12.5, datetime(2026, 6, 1), datetime(2026, 6, 26, 15, 30),
    ]  # fmt: skip
    assert cells[1].number_format == "@"


def test_a_long_number_is_not_rounded():
    row = sheet_of([[12345678901234567890, 371502199001011234]], [Column("a", kind="integer"), Column("b", kind="id")])[
        5
    ]
    assert [cell.value for cell in row] == ["12345678901234567890", "371502199001011234"]


def test_nothing_not_a_number_and_yes_and_no():
    columns = [Column(str(n), kind="number") for n in range(5)]
    row = sheet_of([[None, float("nan"), float("inf"), True, ""]], columns)[5]
    assert [cell.value for cell in row] == [None, "nan", "inf", "是", None]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "=cmd|' /C calc'!A0", "+86", "-1", "@SUM(A1)", "http://example.org", "{=A1}", "0012", "👮 🚓", "𠮷"],
)
def test_text_stays_text_in_a_sheet(text):
    cell = sheet_of([[text]], [Column("备注")])["A5"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


@pytest.mark.parametrize("text", ["张\0三", "张\x1b三", "张\ud800三", "张\uffff三", "张\u202e三"])
def test_signs_that_break_a_sheet_are_left_out(text):
    assert sheet_of([[text]], [Column("备注")], title=f"台账{text}")["A5"].value == "张三"


def test_a_text_longer_than_a_cell_is_cut():
    assert len(sheet_of([["长" * 40_000]], [Column("备注")])["A5"].value) == 32_767


@pytest.mark.parametrize(
    ("title", "name"), [("2026/06 [办件]:台账*?", "2026 06  办件 台账"), ("'", "Sheet1"), ("很" * 40, "很" * 31)]
)
def test_every_title_makes_a_sheet_name(title, name):
    assert sheet_of([ROW], title=title).title == name


def test_an_empty_ledger_is_a_sheet_with_a_head():
    sheet = sheet_of([])
    assert sheet.max_row == 4
    assert sheet["A3"].value == "筛选条件：全部"


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch):
    monkeypatch.setattr(exporting, "MAX_ROWS", 2)
    with pytest.raises(Refused, match="一张表最多2行"):
        sheet_of([ROW] * 3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_the_system_says_of_a_file_is_not_wrapped(tmp_path):
    """What the library leaves open then is closed in this test, not in a later one."""
    with pytest.raises(FileNotFoundError):
        exporting.write_xlsx(
            tmp_path / "no folder" / "a.xlsx", title="台账", unit="", filters="", person="", at=AT, columns=[], rows=[]
        )
    gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_on_a_full_disk_no_draft_of_the_sheet_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        exporting.write_xlsx(full, title="", unit="", filters="", person="", at=AT, columns=COLUMNS, rows=[ROW])
    assert list(tmp_path.iterdir()) == []
    gc.collect()


def test_a_row_of_the_wrong_length_is_a_bug():
    with pytest.raises(ValueError):
        sheet_of([["只有一格"]])


def test_a_footer_with_an_ampersand_is_no_code(tmp_path):
    path = tmp_path / "台账.xlsx"
    exporting.write_xlsx(path, title="甲&乙", unit="", filters="", person="A&B", at=AT, columns=COLUMNS, rows=[ROW])
    assert "A&amp;&amp;B" in zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()


# CSV


def test_csv_opens_as_utf_8_and_holds_the_same_values():
    file = io.StringIO()
    assert exporting.write_csv(file, COLUMNS, [ROW]) == 1
    assert file.getvalue().startswith("\ufeff事项,")
    assert csv_of([ROW])[1] == ["补换行驶证", "371502199001011234", "3", "12.50", "2026-06-01", "2026-06-26 15:30"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_no_text_of_a_csv_starts_like_a_formula(text):
    for start in ("=", "+", "-", "@", "\t", "\r", "＝"):
        cell = csv_of([[start + text]], [Column("备注")])[1][0]
        assert cell.startswith(f"'{start}")


def test_a_negative_number_of_a_csv_stays_a_number():
    assert csv_of([[-5, None, False]], [Column("a"), Column("b"), Column("c")])[1] == ["-5", "", "否"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5))
def test_what_does_not_look_like_a_formula_comes_back_as_it_was(texts):
    columns = [Column(str(n)) for n in range(len(texts))]
    cells = csv_of([texts], columns)[1]
    for text, cell in zip(texts, cells, strict=True):
        assert cell.removeprefix("'") in (exporting._clean(text), exporting._clean(text).removeprefix("'"))


# Size


def test_a_long_sheet_needs_no_more_memory_than_a_short_one(tmp_path):
    """20 000 rows of 20 cells take less than 12 MB more (100 000: 60); in its own process, to see its peak."""
    program = f"""
import resource, django
from django.conf import settings
settings.configure(USE_TZ=True, TIME_ZONE="Asia/Shanghai", USE_I18N=False)
django.setup()
from datetime import datetime, UTC
from brigade.kit.exporting import Column, write_xlsx
def write(count):
    write_xlsx({str(tmp_path / "sheet.xlsx")!r}, title="台账", unit="大队", filters="", person="张三",
        at=datetime(2026, 6, 26, tzinfo=UTC), columns=[Column(f"列{{n}}") for n in range(20)],
        rows=([f"第{{row}}行的内容"] * 20 for row in range(count)))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
short = write(100)
print((write(20_000) - short) / 1024)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(result.stdout) < 12


def test_a_workbook_of_several_sheets_gives_each_its_own_head_name_and_rows():
    book = io.BytesIO()
    leaves = [
        exporting.Leaf("到会率", "一支部", "本月", COLUMNS, [ROW]),
        exporting.Leaf("到会率", "二支部", "", COLUMNS[:1], [["=1+1"], ["乙"]]),
        exporting.Leaf("", "", "", COLUMNS[:1], []),
    ]
    assert exporting.write_book(book, leaves, title="看板", person="张三", at=AT) == 3
    sheets = openpyxl.load_workbook(book).worksheets
    assert [sheet.title for sheet in sheets] == ["到会率", "到会率 2", "Sheet1"]
    assert [sheet["A3"].value for sheet in sheets] == ["筛选条件：本月", "筛选条件：全部", "筛选条件：全部"]
    assert (sheets[1]["A5"].value, sheets[1]["A5"].data_type) == ("=1+1", "s")
    assert [sheet.max_row for sheet in sheets] == [5, 6, 4]


def test_sheets_of_one_long_name_stay_apart_within_what_a_name_may_hold():
    book = io.BytesIO()
    leaves = [exporting.Leaf("很长的名字" * 9, "", "", COLUMNS[:1], []) for _n in range(11)]
    exporting.write_book(book, leaves, title="", person="", at=AT)
    names = openpyxl.load_workbook(book).sheetnames
    assert len(set(names)) == 11 and max(map(len, names)) <= 31


def test_rows_of_a_printed_sheet_are_as_high_as_their_text_and_whole_numbers_have_no_point():
    columns = [Column("分项", 10), Column("本期", 10, "number")]
    rows = [["机动车登记", 180], ["机动车登记65、号牌证件16", Decimal("97.3")]]
    output = io.BytesIO()
    leaf = exporting.Leaf("窗口服务", "车管所", "", columns, rows, fits=True)
    exporting.write_book(output, [leaf], title="月报", person="韩雪梅", at=datetime(2026, 11, 4, tzinfo=UTC))
    sheet = openpyxl.load_workbook(output).active
    first = exporting.HEAD_ROWS + 1
    assert [sheet.row_dimensions[first + n].height for n in (0, 1)] == [None, 45]
    assert [(cell.value, cell.number_format) for cell in (sheet.cell(first, 2), sheet.cell(first + 1, 2))] == [
        (180, "General"),
        (97.3, "General"),
    ]
