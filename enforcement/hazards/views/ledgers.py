"""The ledger of hazards, and that of an owner: what was sent to his organisation."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from brigade.ledgers.views import Listing
from enforcement.hazards.models import Hazard
from enforcement.hazards.rules import ANSWER
from enforcement.hazards.tables import HazardFilters, HazardTable, SentFilters, SentTable


class HazardList(Listing):
    model, table, filterset = Hazard, HazardTable, HazardFilters
    permission = "hazards.view_hazard"
    title = _("隐患台账")
    order = ("-discovered_at", "-id")
    tabs = (
        (_("待核实"), "state=reported"),
        (_("整改中"), "state=rectifying"),
        (_("待核验"), "state=submitted"),
        (_("已逾期"), "overdue=true"),
        (_("挂牌督办"), "listed=true"),
    )
    more = (
        "discovered_at",
        "open",
        "open_on",
        "overdue",
        "listed",
        "is_key",
        "source",
        "registered_at",
        "due_at",
        "closed_at",
        "owner",
        "road",
        "unit",
    )
    create = (_("报隐患"), "hazards:hazard_create", "hazards.add_hazard")
    beside = ((_("地图"), "pin-map", "hazards:hazard_map"),)
    empty = _("还没有隐患。路面发现问题，用“报隐患”拍照、定位、选类别，报上来就在这里。")


class SentList(Listing):
    """For the liaison of an owner; what he may not see is not in it, whatever he filters by. It opens on what he has to
    mend, the nearest day first."""

    model, table, filterset = Hazard, SentTable, SentFilters
    permission = ANSWER
    title = _("发给我单位的隐患")
    order = ("-discovered_at", "-id")
    opens = "open=true&sort=due_at"
    tabs = (
        (_("未销号"), opens),
        (_("待签收"), "state=notified"),
        (_("整改中"), "state=rectifying"),
        (_("已逾期"), "overdue=true"),
    )
    more = ("open", "due_at")
    empty = _("还没有发给你单位的隐患。收到整改通知时，消息里会有，也会出现在这里。")

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        return super().rows(user, **kwargs).sent_to(user.units_for(ANSWER))
