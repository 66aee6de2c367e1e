"""How a cell names a unit or a person."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused
from brigade.org.models import Person, Unit

APART = re.compile(r"[、，,；;/\s]+")
"""What stands between the names of several people."""
LONGEST_USUAL = 3
"""Signs of a name; a longer one may be two, between which the reader took out the blank."""
_NUMERALS = str.maketrans("0123456789", "〇一二三四五六七八九")
"""城区1中队 is as near to 城区一中队 as can be."""


class Units:
    """Open units in which somebody has a permission, as a cell names them: by code, name or short name."""

    def __init__(self, by: Any, perm: str, day: date, **narrow: Any) -> None:
        self._by_name: dict[str, set[Unit]] = defaultdict(set)
        for unit in Unit.objects.filter(pk__in=by.units_for(perm), **narrow).open_on(day):
            for name in (unit.code, unit.name, unit.short_name):
                self._by_name[name].add(unit)

    def find(self, text: str) -> Unit:
        found = self._by_name.get(text, set())
        if len(found) > 1:
            raise Refused(_("有%(n)d个单位叫“%(name)s”，请写代码。") % {"n": len(found), "name": text})
        if not found:
            written = {name.translate(_NUMERALS): name for name in self._by_name}
            alike = get_close_matches(text.translate(_NUMERALS), list(written), n=1)
            hint = _("，是不是%s") % written[alike[0]] if alike else ""
            raise Refused(_("没有“%(name)s”这个单位，或不在你的范围内%(hint)s") % {"name": text, "hint": hint})
        return next(iter(found))


class People:
    """People as cells name them: by police number, or by a name that only one of them bears; read in one query."""

    def __init__(self, texts: Iterable[str | None], within: Q | None = None) -> None:
        wanted = {text for text in texts if text}
        wanted |= {f"0{text}" for text in wanted if text.isdigit()}
        rows = Person.objects.filter(Q(police_no__in=wanted) | Q(name__in=wanted), within or Q(), is_active=True)
        self._by_name: dict[str, list[Person]] = defaultdict(list)
        for person in rows.distinct().order_by("pk"):
            self._by_name[person.name].append(person)
            self._by_name[person.police_no].append(person)

    def all(self) -> set[int]:
        return {person.pk for found in self._by_name.values() for person in found}

    def find(self, text: str) -> Person:
        found = self._by_name.get(text, [])
        if len(found) > 1:
            raise Refused(_("有%(n)d个人叫%(name)s，请写警号。") % {"n": len(found), "name": text})
        if not found and text.isdigit() and f"0{text}" in self._by_name:
            raise Refused(lost_zero(f"0{text}"))
        if not found and len(names := [name for name in APART.split(text) if name]) > 1:
            words = {"n": len(names), "name": names[0]}
            raise Refused(_("这一格只写一个人，现在有%(n)d个名字；只留主要的一个，例如%(name)s。") % words)
        if not found and len(text) > LONGEST_USUAL and not text.isascii():
            raise Refused(_("人员里没有“%s”，先登记或改成警号；写了两个人的只留一个。") % text)
        if not found:
            raise Refused(_("人员里没有“%s”，先登记或改成警号。") % text)
        return found[0]


def lost_zero(police_no: str) -> str:
    return _("是不是%s？Excel按数字存，丢了开头的0；把这一列设成文本格式再填。") % police_no
