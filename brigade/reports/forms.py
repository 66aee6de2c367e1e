"""Input of the form that makes a report and of each move, and its checks; page and API read the same forms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.clocks import period_of
from brigade.kit.forms import DayInput, Form, OneChoiceField, in_our_time
from brigade.kit.text import clean_text
from brigade.org.models import Person, Unit
from brigade.reports import rules
from brigade.reports.models import Report
from brigade.reports.states import SeriesCode

TOO_LONG = _("最多%(limit_value)d个字，现在是%(show_value)d个")


class Text(forms.CharField):
    """A line of typed text, cleaned before it is measured."""

    def __init__(self, limit: int, **kwargs: Any) -> None:
        super().__init__(max_length=limit, error_messages={"max_length": TOO_LONG}, **kwargs)

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value))


class BuildForm(Form):
    """Which report: of what kind, about the day, week or month in which a day lies, of which unit."""

    series = forms.ChoiceField(label=_("种类"), choices=SeriesCode.choices, widget=forms.RadioSelect)
    day = forms.DateField(
        label=_("日期"),
        widget=DayInput(),
        validators=[in_our_time],
        help_text=_("周报、月报、季报选期间里的任何一天"),
        error_messages={"invalid": _("日期写成2026-06-26这样")},
    )
    unit = OneChoiceField(label=_("单位"), queryset=Unit.objects.none(), empty_label=None)

    def __init__(self, *args: Any, user: Person, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate(now)
        kinds = {series.unit_kind for series in rules.SERIES.values()}
        units = Unit.objects.filter(pk__in=user.units_for(rules.BUILD), kind__in=kinds).open_on(today)
        self.fields["unit"].queryset = units.order_by("path")
        first, reached = units.order_by("path").first(), set(units.order_by().values_list("kind", flat=True))
        self.fields["unit"].initial = first
        found = [series for series in rules.SERIES.values() if series.unit_kind in reached]
        self.fields["series"].choices = [(series.code.value, series.code.label) for series in found]
        self.fields["series"].initial = next(
            (series.code for series in found if first and series.unit_kind == first.kind), None
        )
        self.fields["day"].initial = today - timedelta(days=1)

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        series = rules.SERIES[data["series"]]
        return {"series": series, "unit": data["unit"], "period": period_of(data["day"], series.period)}


class MoveForm(Form):
    """What a move asks; `version` is the one that the person saw."""

    asks = True
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, record: Report, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ConfirmForm(MoveForm):
    sentence = Text(200, label=_("补充一句"), required=False, help_text=_("可不填；署你的名，印在报告末尾"))


class RebuildForm(MoveForm):
    reason = Text(200, label=_("为什么重新生成"))


FORMS: dict[str, type[MoveForm]] = {"confirm": ConfirmForm, "rebuild": RebuildForm}
"""Move → what it asks for."""
