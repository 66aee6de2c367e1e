"""What may be joined to what (并案): one place, and neither chains nor circles."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import ceil

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.geo import distance
from brigade.kit.refusals import Refused
from brigade.reference.queries import parameter
from enforcement.hazards.models import Hazard
from enforcement.hazards.states import OPEN, Direction, HazardState


def check_merge(hazard: Hazard, target: Hazard, now: datetime) -> None:
    """No chains and no circles: what was merged takes nothing in, and what took something in is not merged."""
    if target.pk == hazard.pk:
        raise Refused(_("不能并入自己，请选另一处隐患"), field="target")
    if target.dup_of is not None:
        raise Refused(
            _("%(target)s已经并入%(into)s，请并入%(into)s") % {"target": target.number, "into": target.dup_of.number},
            field="target",
        )
    if hazard.merged.exists():
        numbers = "、".join(hazard.merged.order_by("number").values_list("number", flat=True))
        raise Refused(
            _("%(own)s已经有%(numbers)s并入，请反过来把%(target)s并入%(own)s")
            % {"own": hazard.number, "numbers": numbers, "target": target.number},
            field="target",
        )
    days = parameter("hazards.duplicate_days", timezone.localdate(now))
    is_recent = target.closed_at is not None and target.closed_at >= now - timedelta(days=days)
    if target.state not in OPEN and not (target.state == HazardState.CLOSED and is_recent):
        raise Refused(
            _("只能并入没销号的，或者%(days)d天内销号的隐患；%(target)s是“%(state)s”")
            % {"days": days, "target": target.number, "state": target.get_state_display()},
            field="target",
        )
    _check_place(hazard, target, timezone.localdate(now))


def _check_place(hazard: Hazard, target: Hazard, today: date) -> None:
    """One road in a compatible direction, or as near as a duplicate: 50 m, or what the category or the inaccuracy of
    either adds, and never beyond the cap."""
    if hazard.road_id is not None and hazard.road_id == target.road_id:
        if {hazard.direction, target.direction} == {Direction.UP, Direction.DOWN}:
            raise Refused(
                _("%(target)s在%(side)s，和这一处分在道路两侧，不是同一处")
                % {"target": target.number, "side": target.get_direction_display()},
                field="target",
            )
        return
    if hazard.point is None or target.point is None:
        raise Refused(
            _("%(target)s和这一处不在同一条路上，又没有坐标可比；是同一处的，先“补充修改”写上坐标或者道路")
            % {"target": target.number},
            field="target",
        )
    inaccurate = max(hazard.acc_m or 0, target.acc_m or 0)
    widest = max(parameter("hazards.duplicate_stake_m", today), hazard.category.radius_m, inaccurate)
    limit = min(widest, parameter("hazards.duplicate_radius_max_m", today))
    away = distance(hazard.point, target.point)
    if away > limit:
        raise Refused(
            _("%(target)s不在同一条路上，又相距%(away)d米，超过%(limit)d米；是同一处的，先“补充修改”改对位置")
            % {"target": target.number, "away": ceil(away), "limit": limit},
            field="target",
        )
