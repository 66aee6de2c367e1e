"""Where a hazard lies and what it is: the form of a report, and that of a correction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import Form, Picker
from brigade.org.models import Person
from brigade.reference.models import Road, Town, Village
from enforcement.hazards import queries
from enforcement.hazards.forms.fields import (
    Choice,
    PhotosField,
    Text,
    degrees_field,
    moment_field,
    money_field,
    one_of,
)
from enforcement.hazards.forms.moves import MoveForm
from enforcement.hazards.models import Category, Defect, Hazard
from enforcement.hazards.rules import Place
from enforcement.hazards.states import CoordSystem, Direction, GeoSource, Source, Visibility

OFFICE = ("is_key", "key_reason", "visibility", "cost_estimate")
"""What squadron leader and clerk decide, and who reported it does not."""
ROADSIDE = ("road", "stake_start", "stake_end", "direction")
POINT = ("lat", "lon", "coord_sys", "acc_m", "geo_source")


class PlaceFields(Form):
    """Road and stakes, or a pair of coordinates, or both; a click on our own map is WGS-84 whatever was chosen."""

    road = one_of(
        _("道路"),
        Road.objects.order_by("code"),
        required=False,
        widget=Picker(),
        empty_label=_("选道路"),
    )
    stake_start = Text(label=_("起点桩号"), max_length=20, required=False)
    stake_end = Text(label=_("止点桩号"), max_length=20, required=False)
    direction = Choice(label=_("方向"), choices=Direction.choices, initial=Direction.NA, required=False)
    lat = degrees_field(_("纬度"))
    lon = degrees_field(_("经度"))
    coord_sys = Choice(label=_("坐标系"), choices=CoordSystem.choices, initial=CoordSystem.WGS84, required=False)
    acc_m = forms.IntegerField(required=False, min_value=0, max_value=100_000, widget=forms.HiddenInput)
    geo_source = Choice(choices=[("", ""), *GeoSource.choices], required=False, widget=forms.HiddenInput)
    is_datum_confirmed = forms.BooleanField(label=_("坐标系无误"), required=False)

    def place(self) -> Place:
        """The place as it was typed, as far as it could be read."""
        data = self.cleaned_data
        has_point = data.get("lat") is not None or data.get("lon") is not None
        source = (data.get("geo_source") or GeoSource.GPS) if has_point else ""
        is_click = source == GeoSource.MAP_CLICK
        return Place(
            road=data.get("road"),
            stake_start=data.get("stake_start", ""),
            stake_end=data.get("stake_end", ""),
            lat=data.get("lat"),
            lon=data.get("lon"),
            coord_sys=(CoordSystem.WGS84 if is_click else data.get("coord_sys", "")) if has_point else "",
            acc_m=data.get("acc_m") if has_point else None,
            geo_source=source,
            is_datum_confirmed=data.get("is_datum_confirmed", False),
        )


class WhatFields(Form):
    """What is wrong there, and who says so."""

    category = one_of(
        _("什么问题"),
        Category.objects.order_by("order"),
        empty_label=None,
        error_messages={"required": _("选一项：什么问题")},
    )
    defect = one_of(
        _("缺陷"),
        Defect.objects.select_related("category").order_by("category__order", "order"),
        required=False,
        widget=Picker(),
        empty_label=_("可不选"),
    )
    description = Text(label=_("补一句"), multiline=True, rows=2, required=False)
    source = Choice(label=_("来源"), choices=Source.choices, initial=Source.PATROL)
    informant = Text(label=_("反映人或来文"), max_length=60, required=False)
    town = one_of(
        _("乡镇街道"),
        Town.objects.order_by("code"),
        empty_label=_("选乡镇街道"),
        error_messages={"required": _("选乡镇街道")},
    )
    village = one_of(
        _("村社区"),
        Village.objects.select_related("town").order_by("code"),
        required=False,
        widget=Picker(),
        empty_label=_("可不选"),
    )
    where = Text(label=_("地点说明"), max_length=120, required=False)
    is_intersection = forms.BooleanField(label=_("平交路口"), required=False)
    suggestion = Text(label=_("整改建议"), multiline=True, rows=2, required=False)

    def what(self) -> dict[str, Any]:
        """The fields that report and correction have in common, as the actions take them."""
        data = {name: self.cleaned_data[name] for name in WhatFields.base_fields}
        return data | {"direction": self.cleaned_data["direction"] or Direction.NA}


class ReportForm(PlaceFields, WhatFields):
    """A hazard as it is reported. `id` is minted with the blank form, so that sending it twice makes one."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    town_guess = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """The town that the page filled in by itself; another one was chosen by hand and stays."""
    photos = PhotosField()
    discovered_at = moment_field(label=_("发现时间"), required=False)
    is_new = forms.BooleanField(label=_("看过了，不是同一处"), required=False)

    def __init__(self, *args: Any, user: Person, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["discovered_at"].help_text = _("留空就是现在")
        if not self.is_bound:
            town = self.initial.setdefault("town", queries.usual_town(user, now))
            self.initial["town_guess"] = town

    def arguments(self) -> dict[str, Any]:
        """What `actions.report` is called with."""
        data = self.cleaned_data
        given = {name: data[name] for name in ("id", "photos", "discovered_at", "is_new")}
        return given | self.what() | {"place": self.place()}

    def looked_at(self) -> tuple[Place, Category | None, Town | None]:
        """Place, category and town as far as they are typed and make sense; for what is shown meanwhile."""
        if not hasattr(self, "cleaned_data"):
            self.full_clean()  # never twice: that would forget what the action refused
        return self.place(), self.cleaned_data.get("category"), self.cleaned_data.get("town")


class AmendForm(MoveForm, PlaceFields, WhatFields):
    """What was written down, to be filled in or corrected before the owner is told."""

    title = Text(label=_("标题"), max_length=60, required=False)
    is_key = forms.BooleanField(label=_("列为重点"), required=False)
    key_reason = Text(label=_("列为重点的理由"), max_length=120, required=False)
    visibility = Choice(label=_("公开范围"), choices=Visibility.choices)
    cost_estimate = money_field(label=_("预算（元）"))
    photos = PhotosField(label=_("补照片"))
    field_order = ("title", "description", "category", "defect")
    template_name = "hazards/amend_form.html"
    drawn = frozenset({"title", "description", "category", "defect", "town", "where", *PlaceFields.base_fields})
    """What the template names itself; the rest comes after it."""

    class Media:
        css = {"all": ("css/map.css",)}

    def __init__(self, *args: Any, record: Hazard, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.initial = _written(record) | self.initial
        if not self.user.has_perm("hazards.amend_hazard", record):
            for name in OFFICE:
                del self.fields[name]

    @property
    def opens_stake(self) -> bool:
        """Whether road and stakes are unfolded: where they are known, or something about them is wrong."""
        return bool(self["road"].value()) or any(self.errors.get(name) for name in ROADSIDE)

    @property
    def asks_datum(self) -> bool:
        return self.is_bound and bool(self.errors.get("coord_sys") or self.data.get("is_datum_confirmed"))

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        own = {name: data[name] for name in ("version", "title", *OFFICE) if name in self.fields}
        given = own | self.what() | {"photos": data["photos"]}
        moved = {"road", "stake_start", "stake_end", *POINT} & set(self.changed_data)
        return given | ({"place": self.place()} if moved else {})


def _written(record: Hazard) -> dict[str, Any]:
    """The fields of a hazard as its form opens; a point as it was typed, not as it was turned into WGS-84."""
    start, _dash, end = record.stakes.partition("–")
    names = (
        "title", "description", "category", "defect", "source", "informant", "town", "village", "is_intersection",
        "suggestion", "is_key", "key_reason", "visibility", "cost_estimate", "road", "direction",
    )  # fmt: skip
    opened = {name: getattr(record, record._meta.get_field(name).attname) for name in names}
    opened |= {"where": record.place, "stake_start": start, "stake_end": end}
    if record.geo_source == GeoSource.STAKE_CALC or record.lat is None:
        return opened
    lat, lon = record.entered_lat or record.lat, record.entered_lon or record.lon
    kept = {"coord_sys": record.coord_sys, "acc_m": record.acc_m, "geo_source": record.geo_source}
    return opened | {"lat": float(lat), "lon": float(lon or 0)} | kept
