"""Who polices which town; somebody on secondment, somebody who leaves, two squadrons that are to become one."""

from __future__ import annotations

from datetime import timedelta

from brigade.audit.actions import SYSTEM
from brigade.org import actions as org
from brigade.org.states import ChangeKind, PersonKind, Role
from brigade.reference.models import Town
from brigade.workbench.actions import carry_out_changes
from brigade.workbench.demo.world import FOUNDED, World

BEATS = {
    "CQ1": ("古楼街道", "柳园街道", "新区街道", "闫寺街道"),
    "CQ2": ("湖西街道", "北城街道", "东城街道", "蒋官屯街道", "道口铺街道"),
    "NC1": ("侯营镇", "沙镇镇", "堂邑镇", "郑家镇", "张炉集镇"),
    "NC2": ("梁水镇", "斗虎屯镇", "于集镇", "许营镇", "李海务街道"),
}
"""Invented: which squadron polices which town is the brigade's to say."""


def build(world: World) -> None:
    towns = {town.name: town for town in Town.objects.all()}
    for code, names in BEATS.items():
        org.plan_change(
            by=SYSTEM,
            kind=ChangeKind.TOWNS,
            unit=world.units[code],
            since=FOUNDED,
            towns=[towns[name] for name in names if name in towns],
            reason="演示：辖区分工",
            now=world.now,
        )
    carry_out_changes(now=world.now)
    _seconded(world)
    _leaving(world)
    org.plan_change(
        by=SYSTEM,
        kind=ChangeKind.MERGE,
        unit=world.units["NC2"],
        into=world.units["NC1"],
        since=world.today + timedelta(days=40),
        reason="演示：机构改革方案",
        now=world.now,
    )


def _seconded(world: World) -> None:
    """One whose roles are settled, and one whose roles still wait for the security administrator."""
    for code, is_settled in (("CQ2", True), ("CQ1", False)):
        officers = [one for one in world.staff[code] if one.kind == PersonKind.OFFICER]
        secondment = org.second_person(
            by=SYSTEM,
            person=officers[3],
            unit=world.units["SGCL"],
            starts_on=world.today,
            ends_on=world.today + timedelta(days=90),
            roles=[Role.OFFICER],
            title="借调民警",
            reason="演示：事故攻坚",
            now=world.now,
        )
        if is_settled:
            org.settle_secondment(by=SYSTEM, secondment=secondment, now=world.now)


def _leaving(world: World) -> None:
    """Somebody who holds nothing that another has to take over retires in three weeks."""
    org.hand_over(
        by=SYSTEM,
        person=world.staff["KXK"][-1],
        heirs={},
        reason="演示：退休",
        leaves_on=world.today + timedelta(days=21),
        now=world.now,
    )
