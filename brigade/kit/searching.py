"""Words as a search index keeps them, and what somebody types as a question to it. No database.

A text becomes *tokens*: pairs of neighbouring Chinese characters (two of them are a word already, so trigrams would
miss most words), other words as they are, the ends of longer numbers, and from each character on the pinyin and the
initials that follow, so that any beginning of them is found. A question becomes clauses of tokens that must all be
there. It is built of letters and digits alone and each token is quoted: nothing that is typed is ever syntax of a
database.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, takewhile

from brigade.kit import pinyin
from brigade.kit.text import strip_unsafe

LONGEST = 2_000
"""So many characters of one word are read, and so many pairs kept at most."""
SPOKEN = 120
"""So many characters of one word get a pinyin: those of a title."""
WHOLE = 60
"""A word up to so long is also found as a whole."""
PAIRS = 4
"""Of a Chinese word with more pairs than that only every other one is looked for."""
BEGINNINGS = (1, 2, 3, 4, 6)
"""By so many of its letters a typed word is looked for: SQLite keeps a list of each of these beginnings, and would have
to gather the words of any other length. The row that has the whole word still comes first."""
WINDOW = max(BEGINNINGS)
"""Letters of pinyin or initials that are kept from one character on."""
TERM = 40
"""Letters and digits of any other word that are kept."""
CLAUSES = 10
"""Words of a question that are looked at."""
SIGN = "§"
"""Begins the tokens that nobody can type: whole words, beginnings, blind indexes, and from where a row is seen."""

_HAN = "〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUNS = re.compile(f"([{_HAN}]+)|((?:(?![{_HAN}])[^\\W_])+)")
_DIGITS = re.compile(r"[0-9]{2,}")
_BORDERS = re.compile(r"[0-9](?=[^0-9])|[^0-9](?=[0-9])")
_PRIVATE = re.compile(r"[0-9](?:[\s.·•\-—–]*[0-9]){10,}[Xx]?")
_DOTS = re.compile("[·•‧・]")


class Name(str):
    """The name of a person: its first character counts with each of its readings as a surname (曾 is zeng)."""

    __slots__ = ()


Term = tuple[str, bool]
"""A token, and whether it stands for all tokens that begin so."""
Clauses = Sequence[Sequence[Term]]
"""All of these must be found, each by one of its terms."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody types: its `words`, the `clauses` for all of them, `whole` and `head` for what it is or begins."""

    whole: str
    words: tuple[str, ...]
    clauses: Clauses

    def __bool__(self) -> bool:
        return bool(self.clauses)

    @property
    def head(self) -> Clauses:
        """The same, of rows with a word that begins like the question."""
        return [*self.clauses, [(f"{SIGN}h{self.whole[:2]}", False)]] if len(self.whole) > 1 else []


def question(text: str) -> Question:
    """The question that a typed text asks; false when there is nothing in it to look for."""
    normal = _normal(text[:LONGEST])
    clauses: list[list[Term]] = []
    words: list[str] = []
    for part in normal.split():
        runs = _RUNS.findall(part)[: CLAUSES - len(words)]
        for at, (han, other) in enumerate(runs):
            words.append(han or other)
            if len(han) > 1:
                clauses += [[(pair, False)] for pair in dict.fromkeys(_asked_pairs(han[:TERM]))]
            elif han:
                clauses.append([(han, True)])
            else:
                clauses.append(_terms(other, _glued(runs[at + 1 :]), at + 1 == len(runs)))
    return Question(_joined(normal), tuple(words), clauses)


def _asked_pairs(han: str) -> Iterable[str]:
    """All pairs of a short word, every other one of a longer: they hold all characters of it, for half the work."""
    pairs = list(_pairs(han))
    return pairs if len(pairs) <= PAIRS else (*pairs[::2], pairs[-1])


def _terms(word: str, rest: str, is_last: bool) -> list[Term]:
    """What a word of letters and digits is looked for as.

    Of a number like 办2026-01 only the last piece may go on: the others are there as they are, or without the sign
    between them.
    """
    looked_for = _looked_for(word)
    return [(looked_for, is_last or looked_for != word), *([(f"{word}{rest}"[:TERM], True)] if rest else [])]


def _glued(runs: Sequence[tuple[str, str]]) -> str:
    """What follows without a Chinese character between."""
    return "".join(other for _han, other in takewhile(lambda run: not run[0], runs))


def _looked_for(word: str) -> str:
    if not word.isalpha():
        return word[:TERM]
    return word[: max(length for length in BEGINNINGS if length <= len(word))]


def tokens(words: Iterable[str]) -> set[str]:
    """What `words` are found by."""
    found: set[str] = set()
    for word in filter(None, words):
        found |= _tokens(str(word)[:LONGEST], isinstance(word, Name))
    return found


def haystack(words: Iterable[str]) -> str:
    """`words` in one line, with their pinyin and initials: for who reads row by row, where an index would not help."""
    parts: list[str] = []
    for word in filter(None, words):
        parts += [str(word), *_spoken(_normal(str(word))[:SPOKEN], isinstance(word, Name))]
    return " ".join(dict.fromkeys(parts))


def pieces(text: str, words: Iterable[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of `words` (as `Question.words` has them) or reads so."""
    hit = [False] * len(text)
    plain = text.casefold()
    for word in words if len(plain) == len(text) else ():
        at = plain.find(word)
        if at < 0 and word.isascii() and word.isalpha():
            at, length = _read(text, word)
        else:
            length = len(word)
        if at >= 0:
            hit[at : at + length] = [True] * length
    found: list[tuple[str, bool]] = []
    for sign, is_hit in zip(text, hit, strict=True):
        if found and found[-1][1] == is_hit:
            found[-1] = (found[-1][0] + sign, is_hit)
        else:
            found.append((sign, is_hit))
    return found


def _read(text: str, letters: str) -> tuple[int, int]:
    """Where Chinese characters begin whose initials or pinyin begin with the letters, and how far they go."""
    places = [at for at, sign in enumerate(text) if re.match(f"[{_HAN}]", sign)]
    for syllables in pinyin.readings("".join(text[at] for at in places), surname=True):
        for at in range(len(syllables)):
            short = "".join(syllable[0] for syllable in syllables[at:])
            ends = [at + len(letters)] if short.startswith(letters) else range(at + 1, len(syllables) + 1)
            for end in ends:
                if short.startswith(letters) or "".join(syllables[at:end]).startswith(letters):
                    return places[at], places[end - 1] + 1 - places[at]
    return -1, 0


def forms(word: str) -> tuple[str, ...]:
    """How a short Chinese word reads: its pinyin and initials, all readings of a `Name`'s surname with them."""
    return _forms(str(word), isinstance(word, Name))


@lru_cache(maxsize=4096)
def _forms(word: str, is_name: bool) -> tuple[str, ...]:
    joined = _joined(_normal(word))
    return tuple(_spoken(joined, is_name)) if len(joined) <= WHOLE else ()


def last_four(text: str) -> str:
    """The end by which a phone is found that somebody gave by more than its last four digits; empty for other texts.

    Its other digits are in no index; a whole number is found by its blind index.
    """
    digits = re.sub(r"[\s-]", "", _normal(text[:LONGEST]))
    return digits[-4:] if re.fullmatch("[0-9]{5,10}", digits) else ""


def masked(text: str) -> str:
    """The text with identity and phone numbers down to their last four signs, as a trail may keep it."""
    return _PRIVATE.sub(lambda found: f"*******{found[0][-4:]}", unicodedata.normalize("NFKC", text[:LONGEST]))


def names_somebody(text: str) -> bool:
    """Whether an identity or phone number stands in the text."""
    return bool(_PRIVATE.search(unicodedata.normalize("NFKC", text[:LONGEST])))


def whole(text: str) -> str:
    """The token of a word as a whole; empty for a longer text."""
    joined = _joined(_normal(text[:LONGEST]))
    return f"{SIGN}w{joined}" if 0 < len(joined) <= WHOLE else ""


def fts5(clauses: Clauses) -> str:
    """The clauses as SQLite's full text search takes them."""
    return " AND ".join(f"({' OR '.join(_term(*term, chr(34), '*') for term in terms)})" for terms in clauses)


def tsquery(clauses: Clauses) -> str:
    """The clauses as PostgreSQL's `tsquery` takes them."""
    return " & ".join(f"({' | '.join(_term(*term, chr(39), ':*') for term in terms)})" for terms in clauses)


def _term(token: str, begins: bool, quote: str, mark: str) -> str:
    return f"{quote}{token}{quote}{mark if begins else ''}"


@lru_cache(maxsize=4096)
def _tokens(word: str, is_name: bool) -> frozenset[str]:
    """Kept for a while: the titles of many records are the same few."""
    normal = _normal(word)
    joined = _joined(normal)
    found = set()
    if 0 < len(joined) <= WHOLE:
        spoken = _spoken(joined, is_name) if re.fullmatch(f"[{_HAN}]+", joined) else []
        found |= {f"{SIGN}w{one}" for one in (joined, *spoken)}
        found.add(f"{SIGN}h{joined[:2]}")
    runs = _RUNS.findall(normal)
    for han, other in runs:
        found.update((*_pairs(han), han[-1]) if han else _parts(other))
    for part in normal.split():
        found.update(_without_signs(_RUNS.findall(part)))
    for syllables in pinyin.readings("".join(han for han, _other in runs)[:SPOKEN], surname=is_name):
        found.update(_windows(syllables))
    return frozenset(found - {""})


def _normal(text: str) -> str:
    """Small letters, half width, and without the dots inside of names and plates."""
    folded = _DOTS.sub("", unicodedata.normalize("NFKC", strip_unsafe(text))).casefold()
    return unicodedata.normalize("NFKC", folded)


def _joined(normal: str) -> str:
    return "".join(han or other for han, other in _RUNS.findall(normal))


def _pairs(han: str) -> Iterable[str]:
    return (han[at : at + 2] for at in range(len(han) - 1))


def _parts(word: str) -> Iterable[str]:
    """A word of letters and digits and what follows each change between them; its numbers with and without leading
    noughts, and their ends from three digits.
    """
    yield word[:TERM]
    yield from (word[at:][:TERM] for at in (border.end() for border in _BORDERS.finditer(word[:TERM])))
    for number in _DIGITS.findall(word):
        number = number[-TERM // 2 :]
        yield from (number, number.lstrip("0"))
        yield from (number[at:] for at in range(1, len(number) - 2))


def _without_signs(runs: Sequence[tuple[str, str]]) -> Iterable[str]:
    """Pieces of letters and digits as who leaves out the signs between them types them: 2026000123 of 2026-000123."""
    for is_han, group in groupby(runs, lambda run: bool(run[0])):
        parts = [] if is_han else [other for _han, other in group]
        yield from ("".join(parts[at:])[:TERM] for at in range(len(parts) - 1))


def _windows(syllables: list[str]) -> Iterable[str]:
    for at in range(len(syllables)):
        here = syllables[at : at + WINDOW]
        yield "".join(here)[:WINDOW]
        yield "".join(syllable[0] for syllable in here)


def _spoken(text: str, is_name: bool) -> list[str]:
    return pinyin.search_forms(text, surname=is_name) if re.search(f"[{_HAN}]", text) else []
