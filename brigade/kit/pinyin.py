"""Pinyin of names, so that people, units and roads are found by letters."""

from pypinyin import Style, lazy_pinyin, pinyin

from brigade.kit.text import half_width, strip_unsafe

SURNAMES = {"黑": "he"}
"""Readings as a surname that the dictionary does not list."""
POLYPHONES = {
    "重": ("zhong", "chong"),
    "行": ("xing", "hang"),
    "长": ("chang", "zhang"),
    "朝": ("chao", "zhao"),
    "乐": ("le", "yue"),
    "都": ("du", "dou"),
    "堡": ("bao", "pu"),
    "厦": ("xia", "sha"),
    "泊": ("bo", "po"),
    "曾": ("ceng", "zeng"),
    "单": ("dan", "shan"),
    "翟": ("zhai", "di"),
    "莘": ("shen", "xin"),
    "柏": ("bai", "bo"),
    "盛": ("sheng", "cheng"),
    "晟": ("sheng", "cheng"),
    "茜": ("qian", "xi"),
}
"""Characters that names, places and matters of traffic have with two readings: 朝阳路 is read chao here and zhao there,
and no dictionary of words knows which."""
MOST_VARIANTS = 4
"""So many of them in one text are read both ways."""


def search_forms(name: str, surname: bool = False) -> list[str]:
    """What the name is found by: full pinyin and initials, without blanks, e.g. ["cengwei", "cw", "zengwei", "zw"].

    The usual reading comes first. With `surname` the first character counts with each of its readings.
    """
    found = []
    for syllables in readings(name, surname):
        found += ["".join(syllables), "".join(syllable[0] for syllable in syllables)]
    return list(dict.fromkeys(filter(None, found)))


def initials(text: str) -> str:
    """The first letters, figures as they are: 东阿大队G105 → deddg105."""
    return "".join(syllable[0] for syllable in _syllables(text))


def readings(name: str, surname: bool = False) -> list[list[str]]:
    """The syllables of a text, the usual ones first; then with the other reading of each of POLYPHONES that it holds.

    With `surname` once more for each other reading of the first character: the usual one of 仇 is chou, of 区 qu.
    """
    usual = _syllables(name)
    if not usual:
        return [usual]
    text = half_width(strip_unsafe(name))
    found = [usual]
    if surname:
        first = text.strip()[0]
        others = [*pinyin(first, style=Style.NORMAL, heteronym=True)[0], *filter(None, [SURNAMES.get(first)])]
        found += [[other.lower(), *usual[1:]] for other in others if other.isalpha() and other.lower() != usual[0]]
    for at, sign in [pair for pair in enumerate(filter(str.isalnum, text)) if pair[1] in POLYPHONES][:MOST_VARIANTS]:
        if at == 0 and surname:
            continue
        found += [
            [*one[:at], other, *one[at + 1 :]]
            for one in (found[:] if surname else [usual])
            for other in POLYPHONES[sign]
            if other != one[at]
        ]
    return found


def _syllables(text: str) -> list[str]:
    """The usual reading, by words where the dictionary knows them; letters and digits one by one, other signs away."""
    syllables = lazy_pinyin(half_width(strip_unsafe(text)), style=Style.NORMAL, errors=" ".join)
    return [syllable.lower() for syllable in " ".join(syllables).split() if syllable.isalnum()]
