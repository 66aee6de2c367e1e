"""Pinyin of names, so that people, units and roads are found by letters."""

from pypinyin import Style, lazy_pinyin, pinyin

from brigade.kit.text import half_width, strip_unsafe

SURNAMES = {"黑": "he"}
"""Readings as a surname that the dictionary does not list."""


def search_forms(name: str, surname: bool = False) -> list[str]:
    """What the name is found by: full pinyin and initials, without blanks, e.g. ["cengwei", "cw", "zengwei", "zw"].

    With `surname` the first character counts with each of its readings, for the usual one of 曾 is ceng, of 单 dan.
    """
    found = []
    for syllables in readings(name, surname):
        found += ["".join(syllables), "".join(syllable[0] for syllable in syllables)]
    return list(dict.fromkeys(filter(None, found)))


def initials(text: str) -> str:
    """The first letters, figures as they are: 东阿大队G105 → deddg105."""
    return "".join(syllable[0] for syllable in _syllables(text))


def readings(name: str, surname: bool = False) -> list[list[str]]:
    """The syllables of a text; with `surname` once more for each other reading of its first character."""
    usual = _syllables(name)
    if not surname or not usual:
        return [usual]
    first = half_width(strip_unsafe(name)).strip()[0]
    others = [*pinyin(first, style=Style.NORMAL, heteronym=True)[0], *filter(None, [SURNAMES.get(first)])]
    return [usual, *([other.lower(), *usual[1:]] for other in others if other.isalpha())]


def _syllables(text: str) -> list[str]:
    """The usual reading, by words where the dictionary knows them; letters and digits one by one, other signs away."""
    syllables = lazy_pinyin(half_width(strip_unsafe(text)), style=Style.NORMAL, errors=" ".join)
    return [syllable.lower() for syllable in " ".join(syllables).split() if syllable.isalnum()]
