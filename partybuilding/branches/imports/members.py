"""The members of the branches, as a sheet brings them in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column, Row
from brigade.kit.refusals import Refused
from brigade.ledgers.queries import used_since
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org.imports import People, Units
from brigade.org.models import Person
from brigade.org.states import Tree
from partybuilding.branches import actions
from partybuilding.branches.actions import NewMember, was_taken_back
from partybuilding.branches.models import PartyBranch, PartyGroup, PartyMember
from partybuilding.branches.states import ENTERED_AS, MemberStatus

PERM = "branches.change_partymember"
COLUMNS = (
    Column("number", gettext_lazy("警号"), "id", synonyms=("人员编号", "工号"), max_length=16),
    Column("person", gettext_lazy("姓名"), "name", required=True, synonyms=("党员姓名", "党员"), max_length=40),
    Column(
        "branch",
        gettext_lazy("党支部"),
        "name",
        required=True,
        synonyms=("支部", "所在党支部", "所在支部", "所属党支部", "所属支部", "党支部名称", "支部名称"),
        max_length=80,
        width=22,
    ),
    Column("group", gettext_lazy("党小组"), "name", synonyms=("所在党小组",), max_length=40),
    Column(
        "status",
        gettext_lazy("身份"),
        "choice",
        synonyms=("党员类别", "人员类别"),
        choices=[(status.value, status.label) for status in ENTERED_AS],
    ),
    Column("admitted_on", gettext_lazy("接收为预备党员日期"), "date", synonyms=("入党日期", "入党时间"), width=18),
    Column("confirmed_on", gettext_lazy("转正日期"), "date", synonyms=("转正时间",)),
    Column("start_on", gettext_lazy("编入支部日期"), "date", synonyms=("进入支部日期",), width=16),
)


def judge(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """Who is entered already is skipped when he stands in the same branch; else he is transferred, not imported."""
    today = timezone.localdate(now)
    units = Units(by, PERM, today, tree=Tree.PARTY)
    people = People(row.values.get(code) for row in rows for code in ("number", "person"))
    branches = {branch.pk: branch for branch in PartyBranch.objects.active_on(today).select_related("unit")}
    groups = {(group.branch_id, group.name): group for group in PartyGroup.objects.on(today)}
    members = PartyMember.objects.filter(person__in=people.all()).prefetch_related("memberships")
    known = {member.person_id: member for member in members}
    seen: dict[int, int] = {}
    for row in rows:
        look = Look(row)
        person = look.find("number" if look["number"] else "person", people.find)
        if person and look["number"] and person.name != look["person"]:
            look.fault("person", _("警号%(no)s是%(name)s") % {"no": person.police_no, "name": person.name})
        unit = look.find("branch", units.find)
        branch = branches.get(unit.pk) if unit else None
        if unit and branch is None:
            look.fault("branch", _("%s不是党支部，先在党建里成立。") % unit.name)
        group = _group(look, branch, groups)
        status = look["status"] or (MemberStatus.FULL if look["confirmed_on"] else MemberStatus.PROBATIONARY)
        start_on = look["start_on"] or look["confirmed_on"] or look["admitted_on"] or today
        _check_days(look, status, start_on, branch, today)
        if person and seen.setdefault(person.pk, row.number) != row.number:
            look.fault("person", _("与第%(n)d行是同一个人") % {"n": seen[person.pk]})
        member = known.get(person.pk) if person else None
        if member is not None and not was_taken_back(member, list(member.memberships.all())):
            here = {one.branch_id for one in member.memberships.all() if one.is_valid(today)}
            differs = [] if branch is None or branch.pk in here else [gettext_lazy("党支部")]
            yield look.known("person", differs, _("已登记为党员，%(what)s不同；换支部请办理转接"))
            continue
        yield look.become(_draft(person, branch, group, status, start_on, look, member))


def _draft(
    person: Person | None,
    branch: PartyBranch | None,
    group: PartyGroup | None,
    status: str,
    start_on: date,
    look: Look,
    member: PartyMember | None,
) -> NewMember | None:
    if person is None or branch is None:
        return None
    return NewMember(
        person=person,
        branch=branch,
        group=group,
        status=status,
        start_on=start_on,
        admitted_on=look["admitted_on"],
        confirmed_on=look["confirmed_on"],
        earlier=member,
    )


def _group(look: Look, branch: PartyBranch | None, groups: dict[tuple[int, str], PartyGroup]) -> PartyGroup | None:
    def find(name: str) -> PartyGroup | None:
        if branch is None:
            return None
        if (branch.pk, name) not in groups:
            raise Refused(_("%(branch)s没有“%(name)s”，先设党小组。") % {"branch": branch, "name": name})
        return groups[branch.pk, name]

    return look.find("group", find)


def _check_days(look: Look, status: str, start_on: date, branch: PartyBranch | None, today: date) -> None:
    admitted_on, confirmed_on = look["admitted_on"], look["confirmed_on"]
    if status == MemberStatus.FULL and confirmed_on is None and "confirmed_on" not in _faulty(look):
        look.fault("confirmed_on" if "confirmed_on" in look.row.letters else "person", _("正式党员要写明转正日期"))
    if status == MemberStatus.PROBATIONARY and admitted_on is None and "admitted_on" not in _faulty(look):
        look.fault("admitted_on" if "admitted_on" in look.row.letters else "person", _("预备党员要写明接收日期"))
    if admitted_on and confirmed_on and confirmed_on < admitted_on:
        look.fault("confirmed_on", _("早于接收为预备党员日期"))
    for code in ("admitted_on", "confirmed_on", "start_on"):
        if look[code] and look[code] > today:
            look.fault(code, _("日期还没有到"))
    if branch and look["start_on"] and start_on < branch.established_on:
        look.fault("start_on", _("%(branch)s %(day)s才成立") % {"branch": branch, "day": branch.established_on})


def _faulty(look: Look) -> set[str]:
    return {fault.code for fault in look.row.faults}


def used(keys: Sequence[Any]) -> str:
    people = list(PartyMember.objects.filter(pk__in=keys).values_list("person", flat=True))
    own = ("branches.membership",)
    return used_since(PartyMember, keys, own) or used_since(
        Person, people, ("branches.partymember",), within="partybuilding"
    )


MEMBERS = Import(
    code="branches:member_list",
    title=gettext_lazy("党员"),
    perm=PERM,
    columns=COLUMNS,
    notes={
        "number": gettext_lazy("同名的必填"),
        "branch": gettext_lazy("名称、简称或代码"),
        "group": gettext_lazy("不编组的不填"),
    },
    explains=gettext_lazy("人员先由系统管理员登记；不写身份的，有转正日期按正式党员，没有按预备党员。"),
    judge=judge,
    write=lambda drafts, *, by, now: actions.enrol_members(drafts, by=by, now=now),
    used=used,
    undo=actions.take_back_members,
    max_rows=2_000,
)
