"""What the form of a branch offers on a day: kinds, people, groups, branches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import structure
from partybuilding.meetings.states import Presence, SegmentKind

K = SegmentKind
OFFERED = (K.TD, K.ST, K.PL, K.MM, K.CM, K.GM, K.DL, K.VO, K.OL, K.DA)
OFFERED_GENERAL = (K.GB, K.TD, K.ST, K.PL, K.MM, K.DL, K.VO)
WHOLE = frozenset({K.TD, K.CM, K.GB})
"""These last as long as the gathering; only the others have a time of their own."""
MINUTES = {K.ST: 60, K.PL: 60, K.MM: 60, K.GM: 60, K.DL: 30, K.VO: 60, K.OL: 120, K.DA: 60}
USUAL_START = time(15)
USUAL_END = time(17)

MARKS = (
    (Presence.PRESENT, gettext_lazy("到会"), ""),
    (Presence.LEAVE_DUTY, gettext_lazy("执勤"), "warn"),
    (Presence.LEAVE_SICK, gettext_lazy("病假"), "warn"),
    (Presence.LEAVE_PERSONAL, gettext_lazy("事假"), "warn"),
    (Presence.ABSENT, gettext_lazy("缺席"), "late"),
    (Presence.LATE, gettext_lazy("迟到"), "ok"),
    (Presence.ONLINE, gettext_lazy("线上"), "ok"),
)
"""What a tap on a name turns through: (value, word, tone)."""
EXEMPT = (Presence.EXEMPT, gettext_lazy("豁免"), "waive")
THERE_SOMEHOW = {Presence.PRESENT, Presence.LATE, Presence.ONLINE}


def marks_for(shifts: int, *, is_exempt: bool = False) -> tuple[tuple[str, Any, str], ...]:
    """What a tap turns through; in shifts the sessions stand in place of being there, the first one by default."""
    there: tuple[tuple[str, Any, str], ...] = MARKS[:1]
    if shifts > 1:
        numbers = range(1, shifts + 1)
        there = tuple((shift_mark([n]), _("第%d场") % n, "ok" if n > 1 else "") for n in numbers)
        there += ((shift_mark(numbers), _("两场都到") if shifts == 2 else _("各场都到"), "ok"),)
    if is_exempt:
        return (EXEMPT, *there)
    return there + (MARKS[1:] if shifts == 1 else tuple(mark for mark in MARKS if mark[0] not in THERE_SOMEHOW))


def mark_of_its_own(value: str) -> tuple[str, Any, str]:
    """How somebody stands on the roll though a tap would not bring him there."""
    if shifts := shifts_of(value):
        return value, _("第%s场") % "、".join(map(str, sorted(shifts))), "ok"
    return value, Presence(value).label, "late" if value == Presence.UNMARKED else "ok"


def shift_mark(shifts: Iterable[int]) -> str:
    """s1-2: he came to sessions 1 and 2."""
    return "s" + "-".join(map(str, sorted(shifts)))


def shifts_of(value: str) -> frozenset[int]:
    found = SHIFTS.fullmatch(value)
    return frozenset(map(int, found[1].split("-"))) if found else frozenset()


SHIFTS = re.compile(r"s([1-9](?:-[1-9])*)")


@dataclass(frozen=True, slots=True)
class Offer:
    """Who and what a form of a branch offers on a day."""

    branch: PartyBranch
    people: list[tuple[int, str]]
    groups: list[tuple[int, str]]
    below: list[tuple[int, str]]
    secretary_id: int | None

    @property
    def kinds(self) -> list[tuple[str, str]]:
        offered = OFFERED_GENERAL if self.branch.is_general else OFFERED
        return [(kind.value, str(kind.label)) for kind in offered if kind != K.GM or self.groups]


def offer(branch: PartyBranch, day: date) -> Offer:
    """Members and committee of the branch, then the committee of the general branch; its groups; branches below it."""
    above = PartyBranch.objects.filter(kind="general_branch").values_list("pk", "unit__path")
    general = {pk for pk, path in above if branch.unit.path.startswith(path)}
    whole = structure({branch.pk} | general)
    found: dict[int, str] = {}
    for pk in (branch.pk, *sorted(general - {branch.pk})):
        if pk == branch.pk:
            found |= {due.person_id: due.name for due in whole.members_due(pk, day)}
        found |= {due.person_id: due.name for due in whole.committee_due(pk, day) if due.person_id not in found}
    secretary = whole.secretary(branch.pk, day)
    below = PartyBranch.objects.none()
    if branch.is_general:
        below = PartyBranch.objects.active_on(day).filter(unit__path__startswith=branch.unit.path).exclude(pk=branch.pk)
    return Offer(
        branch,
        list(found.items()),
        [(group.pk, group.name) for group in whole.groups(branch.pk, day)],
        [(row.pk, row.unit.short_name) for row in below.in_order()],
        secretary.pk if secretary else None,
    )
