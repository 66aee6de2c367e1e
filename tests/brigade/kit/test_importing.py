"""A ledger kept in Excel comes in as it is meant, and whatever cannot be understood is said beside its cell."""

import io
import zipfile
from datetime import UTC, date, datetime, time
from decimal import Decimal
from time import process_time

import openpyxl
import pytest
import xlsxwriter
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from brigade.kit import exporting, importing
from brigade.kit.importing import Column, books, cells
from brigade.kit.refusals import Refused
from tests.brigade.files import samples

AT = datetime(2026, 6, 26, 7, 30, tzinfo=UTC)
PEOPLE = [
    Column("police_no", "警号", "id", required=True, synonyms=("编号",)),
    Column("name", "姓名", required=True, max_length=10),
    Column("unit", "所在单位", synonyms=("单位", "部门")),
    Column("born", "出生日期", "date"),
    Column("kind", "身份", "choice", choices=(("officer", "民警"), ("auxiliary", "辅警"))),
    Column("is_member", "党员", "yes"),
    Column("phone", "联系电话", "id"),
]
HEAD = ["警号", "姓名", "所在单位", "出生日期", "身份", "党员", "联系电话"]
ROW = ["D10001", "张三", "一中队", "1990.5.3", "民警", "是", "13800000001"]


def book_of(lines, merged=(), name="人员", **options):
    """A workbook drawn by hand: lines of cells, and merged ranges (`A1:C1`)."""
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"strings_to_formulas": False, **options})
    _draw(book, book.add_worksheet(name), lines, merged)
    book.close()
    return output.getvalue()


def _draw(book, sheet, lines, merged=()):
    formats = {
        date: book.add_format({"num_format": 'yyyy"年"m"月"d"日"'}),
        datetime: book.add_format({"num_format": 22}),
    }
    for n, line in enumerate(lines):
        for place, value in enumerate(line):
            if value is not None:
                sheet.write(n, place, value, formats.get(type(value)))
    for area in merged:
        sheet.merge_range(area, "")
        first = area.split(":")[0]
        row, place = xlsxwriter.utility.xl_cell_to_rowcol(first)
        sheet.write(first, lines[row][place])


def read(content, columns=PEOPLE, *, keys=(), kept=None, sheet=""):
    table = importing.find_table(importing.open_book(content), columns, sheet=sheet, kept=kept)
    return list(importing.read(table, columns, importing.suggest(table.headings, columns, kept), keys=keys))


def values(content, columns=PEOPLE):
    return [row.values for row in read(content, columns)]


def one(kind, cell, **column):
    """The value, or the sentence, of one cell."""
    columns = [Column("a", "甲", kind, **column), Column("b", "乙")]
    [row] = read(book_of([["甲", "乙"], [cell, "x"]]), columns)
    return row.faults[0].sentence if row.faults else row.values["a"]


def part_replaced(content, name, old, new):
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in source.namelist():
            part = source.read(entry)
            if entry == name:
                assert old in part
                part = part.replace(old, new, 1)
            made.writestr(entry, part)
    return output.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


# The file


def test_a_plain_ledger_comes_in():
    assert values(book_of([HEAD, ROW])) == [
        {
            "police_no": "D10001", "name": "张三", "unit": "一中队", "born": date(1990, 5, 3), "kind": "officer",
            "is_member": True, "phone": "13800000001",
        }
    ]  # fmt: skip


def test_a_file_is_read_from_disk_too(tmp_path):
    path = tmp_path / "人员.xlsx"
    path.write_bytes(book_of([HEAD, ROW]))
    assert importing.open_book(path) == importing.open_book(path.read_bytes())


NO_BOOK = "这不是Excel工作簿，请在Excel或WPS里打开，另存为时类型选xlsx，再导入。"
WEB_PAGE = "这是网页格式的表格，只是名字像Excel；请在Excel或WPS里打开，另存为时类型选xlsx，再导入。"
BROKEN = "文件已损坏，打不开，请重新保存一份再传。"
TYPES = ("[Content_Types].xml", "<x/>")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", NO_BOOK),
        ("姓名,警号\n张三,1".encode(), NO_BOOK),
        (b"<html><table>", WEB_PAGE),
        (b"\xef\xbb\xbf\r\n<?xml version='1.0'?><Workbook>", WEB_PAGE),
        (samples.word(), NO_BOOK),
        (samples.archive([("mimetype", "application/vnd.oasis.opendocument.spreadsheet")]), NO_BOOK),
        (OLE, "这是旧版的xls文件，请在Excel或WPS里另存为xlsx后再导入。"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "工作簿有密码，请在Excel或WPS里去掉密码，另存后再导入。"),
        (samples.archive([("xl/vbaProject.bin", "x")]), "文件里带有宏或嵌入的程序，请另存为不带宏的文档后再传。"),
        (samples.archive([("xl/workbook.xml", "<x/>"), ("../../etc/passwd", "x")]), BROKEN),
        (samples.archive([TYPES, ("xl/workbook.xml", "<x>")]), BROKEN),
        (samples.archive([TYPES, ("xl/workbook.xml", "<x/>")]), BROKEN),
        (samples.archive([TYPES, ("xl/workbook.xml", "<!DOCTYPE x><x/>")]), "文件里带有外部引用，不能收。"),
        (book_of([HEAD, ROW])[:3000], BROKEN),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_and_says_how_to_mend_it(content, sentence):
    with pytest.raises(Refused) as refusal:
        importing.open_book(content)
    assert str(refusal.value) == sentence


def test_a_file_of_200_megabytes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.xlsx"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    with pytest.raises(Refused, match="表格最大20MB，这个有200MB；请删去图片，或分成几个文件再导入"):
        importing.open_book(path)


def test_a_zip_bomb_is_refused_by_its_directory():
    content = samples.archive([("xl/workbook.xml", "<x/>"), ("[Content_Types].xml", b" " * 150_000_000)])
    assert len(content) < 200_000
    with pytest.raises(Refused, match="文件展开后过大，不能收；请删去多余的空白行列和图片后再传"):
        importing.open_book(content)


def test_a_part_longer_than_its_directory_says_gives_no_more_than_that():
    content = bytearray(samples.archive([TYPES, ("xl/workbook.xml", b" " * 1_000_000)]))
    place = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    content[place + 24 : place + 28] = (100).to_bytes(4, "little")
    with pytest.raises(Refused, match="已损坏"):
        importing.open_book(bytes(content))


def test_one_cell_in_the_last_corner_does_not_take_the_memory():
    content = book_of([HEAD, ROW])
    far = part_replaced(
        content, SHEET, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    with pytest.raises(Refused, match="表格过大，最多20000行、100列；请删去多余的行列，或分成几个文件。"):
        read(far)
    for forged in (
        b'<row r="3"><c r="A1048576"><v>1</v></c></row></sheetData>',
        b"<row>" + b"<c><v>1</v></c>" * 101 + b"</row></sheetData>",
    ):
        with pytest.raises(Refused, match="表格过大"):
            read(part_replaced(content, SHEET, b"</sheetData>", forged))


def test_a_sheet_too_large_does_not_hinder_its_neighbour_nor_is_it_mistaken_for_one():
    for head, is_read in ((HEAD, True), (["单位", "姓名"], False)):
        output = io.BytesIO()
        book = xlsxwriter.Workbook(output)
        far = book.add_worksheet("案件")
        _draw(book, far, [HEAD])
        far.write(500_000, 0, "x")
        _draw(book, book.add_worksheet("人员"), [head, ROW[: len(head)]])
        book.close()
        if is_read:
            assert len(read(output.getvalue())) == 1
        else:
            with pytest.raises(Refused, match="表格过大"):
                read(output.getvalue())


def test_a_long_text_that_every_cell_names_does_not_take_the_memory():
    lines = [["警号", "姓名"], *([f"D{n}", "长" * 30_000] for n in range(2000))]
    content = book_of(lines)
    assert len(content) < 100_000
    with pytest.raises(Refused, match="表格过大"):
        read(content)


def test_formats_drawn_far_below_do_not_count():
    content = part_replaced(
        book_of([HEAD, ROW]), SHEET, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    )
    assert len(read(content)) == 1


def test_a_text_that_is_not_there_is_refused():
    with pytest.raises(Refused, match="已损坏"):
        importing.open_book(part_replaced(book_of([HEAD, ROW]), SHEET, b"<v>0</v>", b"<v>999</v>"))


@pytest.mark.parametrize("claim", [b' uniqueCount="', b' count="'])
def test_a_workbook_that_claims_to_hold_a_billion_texts_is_refused(claim):
    with pytest.raises(Refused, match="已损坏"):
        importing.open_book(part_replaced(book_of([HEAD, ROW]), "xl/sharedStrings.xml", claim, claim + b"999999999"))


def test_merged_areas_over_each_other_are_refused():
    areas = b'<mergeCells count="9">' + b'<mergeCell ref="A1:G2"/>' * 9 + b"</mergeCells><pageMargins"
    with pytest.raises(Refused, match="已损坏"):
        read(part_replaced(book_of([HEAD, ROW]), SHEET, b"<pageMargins", areas))


def test_more_rows_than_one_import_takes_are_refused(monkeypatch):
    monkeypatch.setattr(books, "MAX_ROWS", 3)
    with pytest.raises(Refused, match="一次最多导入3行，这张表有4行；请分成几个文件再导入。"):
        read(book_of([HEAD, *[ROW] * 4]))


# The sheet and its heading


def test_the_sheet_that_fits_is_found_among_others_and_hidden_ones():
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output)
    _draw(book, book.add_worksheet("说明"), [["填表说明"], ["单位", "电话"]])
    hidden = book.add_worksheet("旧")
    _draw(book, hidden, [HEAD, ["D00000", "旧人"]])
    hidden.hide()
    _draw(book, book.add_worksheet("人员"), [HEAD, ROW])
    book.close()
    opened = importing.open_book(output.getvalue())
    assert opened.sheets == ("说明", "人员")
    assert importing.find_table(opened, PEOPLE).sheet == "人员"
    with pytest.raises(Refused, match="工作簿里没有“旧”这张表，请重新选择。"):
        importing.find_table(opened, PEOPLE, sheet="旧")
    with pytest.raises(Refused, match="没有找到表头，应有这几列：警号、姓名；请对照模板改列名再导入。"):
        importing.find_table(opened, PEOPLE, sheet="说明")


def test_a_title_and_remarks_above_the_heading_are_passed_over():
    lines = [["东昌府大队人员花名册"], ["单位：大队", None, None, "2026年6月"], [], HEAD, ROW]
    [row] = read(book_of(lines, ["A1:G1"]))
    assert (row.number, row.values["name"]) == (5, "张三")


def test_a_heading_of_two_lines_becomes_one():
    columns = [*PEOPLE[:2], Column("home", "家庭住址"), Column("mobile", "手机"), Column("from", "任职起", "date")]
    lines = [
        ["花名册", None, None, None, None],
        ["警号", "姓名", "联系方式", None, "任职"],
        [None, None, "手机", "家庭住址", "起"],
        ["D1", "张三", "138", "柳园路", "2020-1-1"],
    ]
    for merged in (["A1:E1", "A2:A3", "B2:B3", "C2:D2"], ["C2:D2"]):
        [row] = read(book_of(lines, merged), columns)
        assert row.values == {
            "police_no": "D1", "name": "张三", "home": "柳园路", "mobile": "138", "from": date(2020, 1, 1),
        }  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("警号", "police_no"),
        ("编号", "police_no"),
        ("警 号", "police_no"),
        ("*警号", "police_no"),
        ("警号（必填）", "police_no"),
        ("警\n号：", "police_no"),
        ("部门", "unit"),
        ("工资", None),
    ],
)
def test_a_heading_is_known_by_label_synonym_and_likeness(heading, code):
    assert importing.suggest([heading], PEOPLE) == ({heading: code} if code else {})


def test_the_exact_word_comes_before_the_synonym():
    assert importing.suggest(["编号", "警号"], PEOPLE) == {"警号": "police_no"}


def test_a_mapping_kept_from_last_time_goes_before_the_proposal():
    kept = {"工号": "police_no", "警号": "", "不在了": "name"}
    assert importing.suggest(["警号", "工号", "姓名"], PEOPLE, kept) == {"工号": "police_no", "姓名": "name"}
    [row] = read(book_of([["工号", "姓名"], ["D7", "张三"]]), kept=kept)
    assert row.values == {"police_no": "D7", "name": "张三"}


def test_a_second_column_of_the_same_name_has_its_own():
    table = importing.find_table(
        importing.open_book(book_of([["警号", "姓名", "备注", "备注", None], ["1", "a"]])), PEOPLE
    )
    assert table.headings == ("警号", "姓名", "备注", "备注（2）")


def test_a_mapping_without_a_required_column_or_with_one_twice_is_refused():
    table = importing.find_table(importing.open_book(book_of([HEAD, ROW])), PEOPLE)
    with pytest.raises(Refused, match="表里没有这几列：警号；请补上，或指出是哪一列。"):
        importing.read(table, PEOPLE, {"姓名": "name"})
    with pytest.raises(Refused, match="“姓名”对应了两列，请只留一列。"):
        importing.read(table, PEOPLE, {"警号": "police_no", "姓名": "name", "所在单位": "name"})


# Rows


def test_merged_cells_hold_their_value_in_every_row():
    lines = [
        ["单位", "警号", "姓名"],
        ["一中队", "D1", "甲"],
        [None, "D2", "乙"],
        [None, "D3", "丙"],
        ["二中队", "D4", "丁"],
    ]
    rows = read(book_of(lines, ["A2:A4"]))
    assert [row.values["unit"] for row in rows] == ["一中队", "一中队", "一中队", "二中队"]


def test_a_cell_merged_to_the_right_fills_both():
    columns = [Column("a", "警号"), Column("b", "上午"), Column("c", "下午")]
    assert values(book_of([["警号", "上午", "下午"], ["D1", "值班", None]], ["B2:C2"]), columns) == [
        {"a": "D1", "b": "值班", "c": "值班"}
    ]


def test_blank_rows_totals_and_repeated_headings_are_no_rows():
    lines = [
        ["序号", *HEAD],
        [1, *ROW],
        [],
        ["序号", *HEAD],
        [2, "D10002", "李四"],
        [3],
        ["合 计", None, "2"],
        [None, "总计：", None],
        [None, "  ", None],
    ]
    assert [row.number for row in read(book_of(lines))] == [2, 5]


def test_a_merged_unit_that_reaches_below_the_rows_makes_none():
    lines = [["单位", "警号", "姓名"], ["一中队", "D1", "甲"], [None, None, None], [None, None, None]]
    assert len(read(book_of(lines, ["A2:A4"]))) == 1


def test_every_fault_of_the_whole_file_is_said_at_its_cell():
    lines = [
        HEAD,
        ROW,
        [None, "李四", "一中队", "2026-2-30", "协警", "对", "1"],
        ["D3", "一二三四五六七八九十一", None, "26.5.3"],
    ]
    rows = read(book_of(lines))
    assert [(fault.cell, fault.code, fault.sentence) for row in rows for fault in row.faults] == [
        ("A3", "police_no", "不能为空"),
        ("D3", "born", "没有“2026-2-30”这一天，请核对。"),
        ("E3", "kind", "“协警”不在可填的里面：民警、辅警。"),
        ("F3", "is_member", "“对”看不懂，请填是或否。"),
        ("B4", "name", "最多10个字，现在是11个"),
        ("D4", "born", "“26.5.3”的年份要写成四位，例如2026-5-3。"),
    ]
    assert rows[1].values["born"] is None


def test_a_row_that_stands_twice_names_the_first():
    rows = read(book_of([HEAD, ROW, ["D2", "李四"], ["Ｄ10001", "王五"]]), keys=["police_no"])
    assert [(row.number, fault.cell, fault.sentence) for row in rows for fault in row.faults] == [
        (4, "A4", "与第2行重复")
    ]


def test_two_keys_are_double_only_together():
    lines = [["警号", "姓名"], ["1", "甲"], ["1", "乙"], ["2", "甲"], ["1", "甲"]]
    assert [row.number for row in read(book_of(lines), keys=["police_no", "name"]) if row.faults] == [5]


def test_whoever_knows_more_than_the_sheet_may_add_a_fault():
    [row] = read(book_of([HEAD, ROW]))
    told = row.with_fault("unit", "没有这个单位").with_fault("other", "别的")
    assert [(fault.cell, fault.code) for fault in told.faults] == [("C2", "unit"), ("", "other")]


# Cells


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("  张三\u200b\ufeff ", "张三"),
        ("１２３ＡＢｃ（甲），乙", "123ABc（甲），乙"),
        ("第一行\r\n第二行", "第一行\n第二行"),
        (110101.0, "110101"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (True, "是"),
        (date(2026, 5, 3), "2026-05-03"),
        (datetime(2026, 5, 3, 14, 30), "2026-05-03 14:30"),
        (" \u3000", None),
        ("2026-001", "2026-001"),
    ],
)
def test_text(cell, value):
    assert one("text", cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (37150219900101.0, "37150219900101"),
        ("138 0000\u200d 0001", "13800000001"),
        ("鲁Ｐ１２３４５", "鲁P12345"),
        ("聊公交（2026）1号", "聊公交(2026)1号"),
        (371502199001011234.0, "号码过长，Excel已按数字存，末几位丢了；请先把这一列设成文本格式，再重新填写。"),
        ("1.2345E+17", "号码过长，Excel已按数字存，末几位丢了；请先把这一列设成文本格式，再重新填写。"),
    ],
)
def test_ids(cell, value):
    assert one("id", cell) == value


@pytest.mark.parametrize(
    "cell",
    [
        "2026.5.3", "2026-5-3", "2026/5/3", "2026年5月3日", "2026 年 5 月 3 日", "2026年05月03", "２０２６．５．３",
        "20260503", 20260503.0, 46145.0, "46145", date(2026, 5, 3), datetime(2026, 5, 3, 14, 30), "2026-5-3 14:30",
        "2026–5–3",
    ],
)  # fmt: skip
def test_days_in_the_ways_in_which_ledgers_write_them(cell):
    assert one("date", cell) == date(2026, 5, 3)


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        ("2026-5-3 14:30", time(14, 30)),
        ("2026.5.3　14：30", time(14, 30)),
        ("2026年5月3日14时30分", time(14, 30)),
        ("2026年5月3日14时", time(14)),
        ("2026/05/03 9:05:07", time(9, 5, 7)),
        ("2026-05-03T14:30", time(14, 30)),
        (datetime(2026, 5, 3, 14, 30), time(14, 30)),
        (46145 + 14.5 / 24, time(14, 30)),
        ("2026年5月3日（星期日）14时半", time(14, 30)),
        ("2026-5-3", time()),
        (date(2026, 5, 3), time()),
    ],
)
def test_moments_are_of_our_own_zone(cell, clock):
    assert one("moment", cell) == timezone.make_aware(datetime.combine(date(2026, 5, 3), clock))


@pytest.mark.parametrize(
    ("cell", "start", "until"),
    [
        ("2026-5-3 9:00-10:30", time(9), time(10, 30)),
        ("2026.5.3　9：00—10：30", time(9), time(10, 30)),
        ("2026年5月3日上午9点至10点半", time(9), time(10, 30)),
        ("2026年5月3日（星期日）下午2:30——4:00", time(14, 30), time(16)),
        ("2026/5/3 周日 14:30～16:00", time(14, 30), time(16)),
        ("2026-5-3 上午9点到下午1点", time(9), time(13)),
        ("2026-5-3 9:00 至 2026-5-3 10:30", time(9), time(10, 30)),
        ("2026-5-3 9:00", time(9), None),
        (datetime(2026, 5, 3, 14, 30), time(14, 30), None),
        (46145 + 14.5 / 24, time(14, 30), None),
        ("2026年5月3日（星期日）", time(), None),
        ("20260503", time(), None),
    ],
)
def test_a_stretch_of_time_may_stand_in_one_cell(cell, start, until):
    day = date(2026, 5, 3)
    ends = until and timezone.make_aware(datetime.combine(day, until))
    assert one("span", cell).on(None) == (timezone.make_aware(datetime.combine(day, start)), ends)


@pytest.mark.parametrize("cell", ["9:00-10:30", "９：００—１０：３０", "上午9点至10点半", "9时到10时30分"])
def test_a_stretch_without_its_day_is_one_of_the_day_beside_it(cell):
    found, day = one("span", cell), date(2026, 5, 3)
    assert found.on(None) == (None, None)
    assert [timezone.localtime(at).time() for at in found.on(day)] == [time(9), time(10, 30)]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("2026-5-3 10:30-9:00", "“2026-5-3 10:30-9:00”的结束不晚于开始，请写成2026-5-3 14:30-16:00这样。"),
        ("2026-5-3 9:00-", "“2026-5-3 9:00-”的时间看不懂，请写成2026-5-3 14:30这样。"),
        ("9:00-25:00", "“9:00-25:00”的时间看不懂，请写成2026-5-3 14:30这样。"),
        ("2026-5-3 晚12点", "“2026-5-3 晚12点”的时间看不懂，请写成2026-5-3 14:30这样。"),
        ("26.5.3 9:00-10:00", "“26.5.3 9:00-10:00”的年份要写成四位，例如2026-5-3。"),
        ("2026-2-30 9:00-10:00", "没有“2026-2-30”这一天，请核对。"),
        ("全天", "“全天”不是日期，请写成2026-5-3这样。"),
    ],
)
def test_what_is_no_stretch_of_time_is_not_guessed(cell, sentence):
    assert one("span", cell) == sentence


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("26.5.3", "“26.5.3”的年份要写成四位，例如2026-5-3。"),
        ("2026-2-30", "没有“2026-2-30”这一天，请核对。"),
        ("20261301", "没有“20261301”这一天，请核对。"),
        ("1026-5-3", "“1026-5-3”的年份不在1920年到2100年之间，请核对。"),
        ("5月3日", "“5月3日”不是日期，请写成2026-5-3这样。"),
        ("2026.5", "“2026.5”不是日期，请写成2026-5-3这样。"),
        (2026.0, "“2026”不是日期，请写成2026-5-3这样。"),
        (2026.5, "“2026.5”不是日期，请写成2026-5-3这样。"),
        (-1.0, "“-1”不是日期，请写成2026-5-3这样。"),
        ("99999999999", "“99999999999”不是日期，请写成2026-5-3这样。"),
        ("下周" * 20, "“" + "下周" * 15 + "…”不是日期，请写成2026-5-3这样。"),
        (True, "“是”不是日期，请写成2026-5-3这样。"),
        ("2026-5-314:30", "“2026-5-314:30”不是日期，请写成2026-5-3这样。"),
        ("2026-5-3 25:00", "“2026-5-3 25:00”的时间看不懂，请写成2026-5-3 14:30这样。"),
        ("2026-5-3 下午", "“2026-5-3 下午”的时间看不懂，请写成2026-5-3 14:30这样。"),
    ],
)
def test_what_is_no_day_is_not_guessed(cell, sentence):
    assert one("date", cell) == sentence


def test_a_workbook_that_counts_days_from_1904():
    lines = [HEAD, ["D1", "甲", None, date(2026, 5, 3)], ["D2", "乙", None, 44683]]
    assert [row["born"] for row in values(book_of(lines, date_1904=True))] == [date(2026, 5, 3)] * 2


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("integer", 3.0, 3),
        ("integer", "１，２３４", 1234),
        ("integer", "-3.0", -3),
        ("integer", 3.5, "“3.5”不是整数，只填数字。"),
        ("integer", "3人", "“3人”不是整数，只填数字。"),
        ("integer", True, "“是”不是整数，只填数字。"),
        ("integer", "9" * 400, "“" + "9" * 30 + "…”不是整数，只填数字。"),
        ("number", 12.5, Decimal("12.5")),
        ("number", "1,234.50", Decimal("1234.50")),
        ("number", "nan", "“nan”不是数，只填数字和小数点。"),
        ("number", "约3", "“约3”不是数，只填数字和小数点。"),
        ("yes", "√", True),
        ("yes", "×", False),
        ("yes", "否", False),
        ("yes", True, True),
        ("yes", 0, False),
        ("yes", "不详", "“不详”看不懂，请填是或否。"),
    ],
)
def test_numbers_and_yes_or_no(kind, cell, value):
    assert one(kind, cell) == value


def test_a_choice_is_known_by_its_label():
    choices = [(f"k{n}", f"第{n}类") for n in range(20)]
    assert one("choice", "第 ３ 类", choices=choices) == "k3"
    assert one("choice", "无此类", choices=choices).endswith("第11类等。")


def test_a_choice_is_known_by_its_beginning_when_only_one_begins_so():
    choices = [("probationary", "预备党员"), ("full", "正式党员"), ("a", "入党申请人"), ("b", "入党积极分子")]
    assert one("choice", "正式", choices=choices) == "full"
    assert "不在可填的里面" in one("choice", "入党", choices=choices)
    assert "不在可填的里面" in one("choice", "正", choices=choices)


def test_a_failed_formula_is_not_taken_for_a_blank():
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output)
    sheet = book.add_worksheet()
    _draw(book, sheet, [["警号", "姓名"], ["D1", None]])
    sheet.write_formula("B2", "=VLOOKUP(1,C:D,2,0)", None, "#N/A")
    book.close()
    [row] = read(output.getvalue())
    assert [fault.sentence for fault in row.faults] == ["这里的公式出错了（#N/A），请改成实际内容。"]


# There and back


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)
COLUMNS = [
    Column("key", "键", "integer", required=True),
    Column("text", "内容"),
    Column("code", "号码", "id"),
    Column("number", "金额", "number"),
    Column("day", "日期", "date"),
    Column("at", "时间", "moment"),
    Column("is_done", "办结", "yes"),
    Column("kind", "类别", "choice", choices=(("a", "甲类"), ("b", "乙类（含其他）"))),
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            TEXT.map(lambda text: cells.as_text(text) if "+" not in text and text[:1] != "#" else None),
            st.none() | st.from_regex(r"[0-9A-Z鲁\-]{1,20}", fullmatch=True),
            st.none() | st.decimals(-(10**9), 10**9, places=3),
            st.none() | st.dates(date(1920, 1, 1), date(2100, 12, 31)),
            st.none()
            | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
                lambda at: timezone.make_aware(at.replace(microsecond=0))
            ),
            st.none() | st.booleans(),
            st.none() | st.sampled_from(["a", "b"]),
        ),
        max_size=8,
    )
)
def test_what_is_exported_comes_back_equal(rows):
    labels = dict(COLUMNS[-1].choices)
    written = [[n, *row[:-1], labels.get(row[-1])] for n, row in enumerate(rows)]
    output = io.BytesIO()
    exporting.write_xlsx(
        output, title="台账", unit="大队", filters="", person="张三", at=AT,
        columns=importing.sheet_columns(COLUMNS), rows=written,
    )  # fmt: skip
    back = read(output.getvalue(), COLUMNS, keys=["key"])
    assert [row.faults for row in back] == [()] * len(rows)
    assert [tuple(row.values.values()) for row in back] == [(n, *row) for n, row in enumerate(rows)]


def mended(content, rows, columns=PEOPLE):
    table = importing.find_table(importing.open_book(content), columns)
    output = io.BytesIO()
    mapping = importing.suggest(table.headings, columns)
    importing.write_mended(
        output,
        table=table,
        columns=columns,
        mapping=mapping,
        rows=rows,
        title="人员导入",
        unit="大队",
        person="张三",
        at=AT,
    )
    return output.getvalue()


def test_the_sheet_to_mend_keeps_the_cells_marks_the_faulty_ones_and_says_why():
    lines = [
        ["序号", *HEAD, "工资"],
        [1, *ROW, 100.5],
        [2, 371502199001011234.0, "李四", "一中队", "26.5.3", None, None, 5.0, "x"],
    ]
    content = book_of(lines)
    rows = read(content)
    sheet = openpyxl.load_workbook(io.BytesIO(mended(content, rows))).active
    assert [cell.value for cell in sheet[4]] == ["序号", *HEAD, "工资", "错误"]
    assert [cell.value for cell in sheet[5]][:2] == ["1", "D10001"]
    assert sheet["E5"].value == datetime(1990, 5, 3)
    assert [cell.value for cell in sheet[6]] == [
        "2", "3.71502199001011E+17", "李四", "一中队", "26.5.3", None, None, "5", "x",
        "警号：号码过长，Excel已按数字存，末几位丢了；请先把这一列设成文本格式，再重新填写；出生日期：“26.5.3”的年份要写成四位，例如2026-5-3",
    ]  # fmt: skip
    marked = [
        cell.coordinate for line in sheet.iter_rows(min_row=5) for cell in line if cell.fill.fgColor.rgb == "FFFFD9D9"
    ]
    assert marked == ["B6", "E6"]


def test_the_mended_sheet_comes_in_again_with_what_is_still_wrong():
    content = book_of([HEAD, ROW, [371502199001011234.0, "李四", None, "26.5.3"], ["D4", "王五", None, 46145.0]])
    again = mended(content, read(content))
    rows = read(again)
    assert [(row.values["name"], len(row.faults)) for row in rows] == [("张三", 0), ("李四", 2), ("王五", 0)]
    assert rows[2].values["born"] == date(2026, 5, 3)
    assert b"D4" in importing.open_book(mended(again, rows)).content
    third = openpyxl.load_workbook(io.BytesIO(mended(again, rows))).active
    assert [cell.value for cell in third[4]] == [*HEAD, "错误"]


def test_twenty_thousand_rows_are_read_in_seconds():
    rows = [[f"D{n:06}", f"张{n}", "一中队", "2000.1.1", "民警", "是", f"138{n:08}"] for n in range(20_000)]
    content = book_of([HEAD, *rows])
    began = process_time()  # of this process alone, however busy the machine is
    found = read(content, keys=["police_no"])
    assert process_time() - began < 10
    assert len(found) == 20_000 and not any(row.faults for row in found)
