"""How a text becomes the words of an index, and how what is typed becomes a question to it."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brigade.kit.searching import (
    SIGN,
    Name,
    fts5,
    haystack,
    last_four,
    masked,
    pieces,
    question,
    tokens,
    tsquery,
    whole,
)


def meets(typed: str, *words: str) -> bool:
    """Whether the question's clauses are all met by the tokens of the words: what both databases then compute."""
    kept = tokens(words)
    asked = question(typed)
    return bool(asked) and all(
        any(any(one.startswith(token) for one in kept) if begins else token in kept for token, begins in terms)
        for terms in asked.clauses
    )


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("驾驶", ["机动车驾驶证遗失补证"]),
        ("补证", ["机动车驾驶证遗失补证"]),
        ("驾驶证 遗失", ["机动车驾驶证遗失补证"]),
        ("jsz", ["机动车驾驶证遗失补证"]),
        ("JiaShiZheng", ["机动车驾驶证遗失补证"]),
        ("jdcjszysbz", ["机动车驾驶证遗失补证"]),
        ("jidongchejiashizhengyishi", ["机动车驾驶证遗失补证"]),
        ("证", ["机动车驾驶证"]),
        ("blhl", ["补领、换领机动车号牌"]),
        ("东公交办2026-000123", ["东公交办2026-000123"]),
        ("000123", ["东公交办2026-000123"]),
        ("123", ["东公交办2026-000123"]),
        ("0123", ["东公交办2026000123"]),
        ("5678", ["王某", "5678"]),
        ("105国道", ["G105国道K12+300"]),
        ("g105", ["Ｇ１０５国道"]),
        ("k12+300", ["G105国道K12+300"]),
        ("鲁P12", ["鲁P·12A45"]),
        ("鲁 P", ["鲁P·12A45"]),
        ("12A45", ["鲁P12A45"]),
        ("买买提艾力", ["买买提·艾力"]),
        ("pl03", ["PL03"]),
    ],
)
def test_a_thing_is_found_by(typed, words):
    assert meets(typed, *words)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("驾车", ["机动车驾驶证遗失补证"]),
        ("驾驶 事故", ["机动车驾驶证遗失补证"]),
        ("zsj", ["机动车驾驶证遗失补证"]),
        ("124", ["东公交办2026-000123"]),
        ("12", ["912"]),
    ],
)
def test_a_thing_is_not_found_by(typed, words):
    assert not meets(typed, *words)


@pytest.mark.parametrize(
    ("name", "full", "short"),
    [("曾伟", "zengwei", "zw"), ("单立", "shanli", "sl"), ("仇强", "qiuqiang", "qq"), ("乐平", "yueping", "yp")],
)
def test_a_name_is_found_by_the_reading_of_its_surname_and_by_the_usual_one(name, full, short):
    assert meets(full, Name(name)) and meets(short, Name(name))
    assert whole(full) in tokens([Name(name)]) and whole(short) in tokens([Name(name)])
    usual = {"曾": "ceng", "单": "dan", "仇": "chou", "乐": "le"}[name[0]]
    assert meets(usual, Name(name))
    assert full in haystack([Name(name)]) and short in haystack([Name(name)])


def test_only_the_name_of_a_person_has_readings_of_a_surname():
    assert not meets("qiu", "仇强") and meets("chou", "仇强")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("chongqinglu", "重庆路"),
        ("cql", "重庆路"),
        ("yinhang", "人民银行门口"),
        ("xingren", "行人过街"),
        ("chaoyanglu", "朝阳路"),
        ("cyl", "朝阳路"),
        ("changjianglu", "长江路"),
        ("zengzhuang", "曾庄"),
        ("zhaizhuang", "翟庄"),
        ("duzhuang", "都庄村"),
    ],
)
def test_a_place_is_found_by_either_reading_of_its_characters(typed, text):
    assert meets(typed, text)


@pytest.mark.parametrize("typed", ["liyue", "ly", "lile", "ll"])
def test_so_is_the_second_character_of_a_name(typed):
    assert meets(typed, Name("李乐"))


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("2026000123", "东公交办2026-000123"),
        ("办2026000123", "东公交办2026-000123"),
        ("2026/000123", "东公交办2026-000123"),
        ("2026_000123", "东公交办2026-000123"),
        ("〔2026〕000123号", "东公交办〔2026〕000123号"),
        ("２０２６－０００１２３", "东公交办2026-000123"),
        (" 东公交办 2026 — 0001 ", "东公交办2026-000123"),
        ("2026-000123", "办2026000123"),
        ("鲁P-12A45", "鲁P·12A45"),
        ("鲁p 12a45", "鲁P12A45"),
        ("ｐ１２ａ４５", "鲁P·12A45"),
        ("12A-45", "鲁P12A45"),
        ("371502-YH-2026-00012", "371502-YH-2026-00012"),
        ("yh202600012", "371502-YH-2026-00012"),
        ("K6 222", "K6+222"),
        ("k6222", "K6+222"),
        ("曾w", "曾伟"),
        ("城区-一中队", "城区一中队"),
        ("机动车驾驶证遗失补证", "机动车驾驶证遗失补证（窗口）"),
    ],
)
def test_signs_between_and_the_width_of_digits_do_not_matter(typed, text):
    assert meets(typed, Name(text))


def test_of_a_long_word_all_characters_are_looked_for():
    assert not meets("机动车驾驶证遗失换证", "机动车驾驶证遗失补证")
    assert not meets("机动车驾驶证遗失补领", "机动车驾驶证遗失补证")
    assert len(question("机动车驾驶证遗失补证").clauses) == 5


def test_a_word_is_found_as_a_whole_however_it_is_written():
    assert whole("东公交办〔2026〕 000123") in tokens(["东公交办2026-000123"])
    assert whole("东公交办2026-00012") not in tokens(["东公交办2026-000123"])
    assert whole("·—😀") == "" and whole("长" * 61) == ""


def test_nothing_is_asked_by_what_has_no_letter_or_digit():
    assert not any(question(typed) for typed in ("", "  ", "\x00", "😀🚓", "*", '"', "' -- ", "()&|!:<->"))


def test_words_that_a_database_would_take_for_syntax_are_words():
    assert fts5(question("NOT x OR y*").clauses) == '("not"*) AND ("x"*) AND ("or"*) AND ("y"*)'
    assert tsquery(question("a' & !b:*").clauses) == "('a':*) & ('b':*)"


def test_a_text_of_ten_thousand_characters_neither_grows_nor_slows_the_question():
    assert len(question("驾驶" * 5000).clauses) <= 50
    assert len(fts5(question("a1 " * 5000).clauses)) < 500
    assert len(tokens(["驾驶员王某在105国道" * 1000])) < 500


@pytest.mark.parametrize(
    ("typed", "text", "marked"),
    [
        ("驾驶", "机动车驾驶证", "驾驶"),
        ("jsz", "机动车驾驶证", "驾驶证"),
        ("jiashi", "机动车驾驶证", "驾驶"),
        ("blh", "补领、换领机动车号牌", "补领、换"),
        ("zw", "曾伟", "曾伟"),
        ("G105", "g105国道", "g105"),
        ("xyz", "机动车驾驶证", ""),
    ],
)
def test_what_was_looked_for_is_marked_also_where_it_was_typed_in_letters(typed, text, marked):
    found = pieces(text, question(typed).words)
    assert "".join(piece for piece, _hit in found) == text
    assert "".join(piece for piece, is_hit in found if is_hit) == marked


@pytest.mark.parametrize(
    ("typed", "end"),
    [
        ("63514321", "4321"),
        ("6351-4321", "4321"),
        ("54321", "4321"),
        ("4321", ""),
        ("13863514321", ""),
        ("办54321", ""),
    ],
)
def test_a_longer_tail_of_a_phone_gives_its_last_four_digits(typed, end):
    assert last_four(typed) == end


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("刘某某 138-6351-4321", "刘某某 *******4321"),
        ("371502199003070035", "*******0035"),
        ("37150219900307003x", "*******003x"),
        ("DCF-CGS-BJ-2026-00001", "DCF-CGS-BJ-2026-00001"),
        ("4321", "4321"),
    ],
)
def test_a_trail_keeps_no_number_by_which_a_citizen_is_known(typed, kept):
    assert masked(typed) == kept


texts = st.text(max_size=80) | st.text(alphabet="驾驶证曾单重庆A1g·— \x00\n'\"*😀", max_size=80)


@given(texts)
def test_whatever_is_typed_is_a_question_that_the_database_understands(typed):
    asked = question(typed)
    if not asked:
        return
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE full USING fts5(words, tokenize='ascii', detail='none')")
        database.execute("SELECT count(*) FROM full WHERE full MATCH ?", [fts5(asked.clauses)]).fetchone()


@given(texts)
def test_every_token_is_one_word_for_both_databases(text):
    kept = tokens([text, Name(text)])
    assert all(sign.isalnum() or sign > "\x7f" for token in kept for sign in token)
    assert not any(SIGN in token[1:] for token in kept)


@given(texts)
def test_a_text_finds_itself(text):
    """By all of its first words, as far as they are looked at."""
    if question(text):
        assert meets(text, text)


@given(texts, st.integers(0, 20), st.integers(2, 20))
def test_any_part_of_a_chinese_text_finds_it(text, start, length):
    han = "".join(sign for sign in text if "\u4e00" <= sign <= "\u9fff")
    if part := han[start : start + length]:
        assert meets(part, han) or len(part) == 1


@given(texts, texts)
def test_marking_loses_nothing_of_a_text(text, typed):
    assert "".join(piece for piece, _hit in pieces(text, question(typed).words)) == text
