"""The ledger of hazards."""

from django.utils.translation import gettext_lazy as _

from brigade.ledgers.views import Listing
from enforcement.hazards.models import Hazard
from enforcement.hazards.tables import HazardFilters, HazardTable


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
        "grade",
        "open",
        "overdue",
        "listed",
        "is_key",
        "source",
        "registered_at",
        "due_at",
        "closed_at",
        "owner",
        "unit",
    )
    beside = ((_("地图"), "pin-map", "hazards:hazard_map"),)
    empty = _("还没有隐患。路面发现问题，用“报隐患”拍照、定位、选类别，报上来就在这里。")
