"""Every write to the reference data. This room is a package: what it offers stands here, by its part."""

from django.utils.translation import gettext_lazy

from brigade.reference.actions.roads import RoadFacts, enter_roads, road_of, set_road, take_back_roads
from brigade.reference.actions.values import (
    Day,
    confirm_recomputed,
    load_reference,
    next_number,
    next_numbers,
    publish_year,
    set_parameter,
    set_workday,
)

VERBS = {
    "calendar.day_set": gettext_lazy("调整工作日历"),
    "calendar.year_published": gettext_lazy("录入放假安排"),
    "parameter.set": gettext_lazy("调整参数"),
    "reference.loaded": gettext_lazy("载入基础数据"),
    "road.set": gettext_lazy("登记道路"),
    "road.taken_back": gettext_lazy("撤销登记的道路"),
}
