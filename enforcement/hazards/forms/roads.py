"""A road as it is written down: what it is, who keeps it, and its surveyed course as lines of text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import Form
from brigade.kit.geo import breaks_text, course_text, parse_breaks, parse_course
from brigade.kit.refusals import Refused
from brigade.org.models import Unit
from brigade.org.states import Tree
from brigade.reference.actions import RoadFacts
from brigade.reference.models import Road
from brigade.reference.states import RoadClass
from enforcement.hazards.forms.fields import Choice, Text, one_of


class RoadForm(Form):
    code = Text(label=_("编号"), max_length=12, needed=_("写明编号，例如X012"))
    name = Text(label=_("名称"), max_length=40, needed=_("写明名称，例如县道012"))
    road_class = Choice(label=_("类别"), choices=RoadClass.choices)
    owner = one_of(
        _("管养单位"),
        required=False,
        empty_label=_("未定"),
        help_text=_("发整改通知时，这条路的隐患先填它"),
    )
    is_urban = forms.BooleanField(label=_("城区"), required=False)
    is_divided = forms.BooleanField(label=_("有中央隔离"), required=False, help_text=_("报隐患时要写上行还是下行"))
    stakes = Text(
        label=_("桩号坐标"),
        multiline=True,
        rows=6,
        max_length=100_000,
        required=False,
        help_text=_("一行一个：K12+350 36.456123 115.985512，先纬度后经度，WGS-84；可从表格粘贴"),
    )
    breaks = Text(
        label=_("断链"), multiline=True, rows=2, required=False, help_text=_("一行一处：K10+200=K10+350，没有不填")
    )

    def __init__(self, *args: Any, road: Road | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = Unit.objects.filter(tree=Tree.OUTSIDE).order_by("name")
        if road is not None:
            names = ("code", "name", "road_class", "is_urban", "is_divided")
            self.initial = {name: getattr(road, name) for name in names}
            self.initial |= {
                "owner": road.owner_id,
                "stakes": course_text(road.stakes),
                "breaks": breaks_text(road.breaks),
            }

    def clean_stakes(self) -> list[list[float]]:
        return _read(parse_course, self.cleaned_data["stakes"])

    def clean_breaks(self) -> list[list[int]]:
        return _read(parse_breaks, self.cleaned_data["breaks"])

    def facts(self) -> RoadFacts:
        return RoadFacts(**self.cleaned_data)


def _read(parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except Refused as refusal:
        raise ValidationError(refusal.reason) from refusal
