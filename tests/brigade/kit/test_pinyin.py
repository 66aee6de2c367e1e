"""People are found by the letters of their name, whichever way their surname is read."""

import pytest

from brigade.kit.pinyin import initials, search_forms


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("曾伟", "zengwei"),
        ("单雄", "shanxiong"),
        ("仇和", "qiuhe"),
        ("乐毅", "yueyi"),
        ("乐毅", "yy"),
        ("查良", "zhaliang"),
        ("区伟", "ouwei"),
        ("朴树", "piaoshu"),
        ("解缙", "xiejin"),
        ("覃辉", "qinhui"),
        ("盖文", "gewen"),
        ("黑大春", "hedachun"),
        ("种师道", "chongshidao"),
        ("万俟卨", "moqixie"),
        ("尉迟恭", "yuchigong"),
        ("吕布", "lvbu"),
    ],
)
def test_a_person_is_found_by_the_reading_of_the_surname(name, form):
    assert form in search_forms(name, surname=True)


def test_a_person_is_found_by_the_usual_reading_too():
    assert search_forms("曾伟", surname=True)[:2] == ["cengwei", "cw"]


def test_a_unit_has_one_reading():
    assert search_forms("铜城中队") == ["tongchengzhongdui", "tczd"]


def test_blanks_dots_and_case_do_not_matter():
    assert search_forms("阿依古丽·买买提") == ["ayigulimaimaiti", "ayglmmt"]
    assert search_forms(" Ｇ105 国道") == ["g105guodao", "g105gd"]


def test_nothing_has_no_form():
    assert search_forms("", surname=True) == search_forms("·") == []


def test_initials_keep_letters_and_figures():
    assert initials("东阿大队G105") == "deddg105"
