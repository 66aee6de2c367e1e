"""Typed text is kept as it reads, without what no database or document can hold."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brigade.kit.text import clean_text, half_width, normalise_code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("张\0三", "张三"),
        ("\ufeff巡逻\x07路段\x1b", "巡逻路段"),
        ("回执\u202efdp.exe", "回执fdp.exe"),
        ("  两端　空格  ", "两端 空格"),
        ("第一行\n第二行", "第一行 第二行"),
        ("坏\ud800字", "坏字"),
        ("e\u0301", "é"),
        ("👮‍♀️执勤", "👮‍♀️执勤"),
        ("𠮷祥街", "𠮷祥街"),
    ],
)
def test_a_single_line_is_cleaned(typed, kept):
    assert clean_text(typed) == kept


def test_lines_stay_lines_where_they_are_wanted():
    assert clean_text(" 一、会议\r\n\r\n二、学习  \r三、其他\x00 ", multiline=True) == "一、会议\n\n二、学习\n三、其他"


@given(st.text(), st.booleans())
def test_clean_text_stays_as_it_is(typed, multiline):
    kept = clean_text(typed, multiline=multiline)
    assert clean_text(kept, multiline=multiline) == kept
    assert unicodedata.is_normalized("NFC", kept)
    kept.encode()


def test_full_width_signs_become_plain():
    assert half_width("ＡＢ１２３　－（中）") == "AB123 -(中)"


def test_codes_are_compared_in_one_form():
    assert normalise_code(" 37150219900101123ｘ ") == "37150219900101123X"


def test_a_heap_of_accents_does_not_take_the_square_of_its_height():
    start = time.process_time()
    assert len(clean_text("e" + "\u0315\u0300" * 1_000_000)) < 40
    assert time.process_time() - start < 2
    assert clean_text("e\u0301") == "é"
    assert clean_text("Z" + "\u0336" * 30) == "Z" + "\u0336" * 30
