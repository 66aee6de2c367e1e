"""Input of the form that hands out and of each move, and its checks; page and API read the same forms."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.assignments import queries
from brigade.assignments.models import Assignment
from brigade.assignments.rules import HAND_OUT
from brigade.kit.forms import LONGEST_KEY, DayInput, Form, PickGroups, in_our_time
from brigade.kit.text import clean_text, whole_number
from brigade.org.models import Person, Unit


class Text(forms.CharField):
    """Typed text, cleaned before it is measured; refuses in one sentence."""

    def __init__(self, limit: int, *, rows: int = 0, needed: Any = "", **kwargs: Any) -> None:
        self.multiline = bool(rows)
        words = {"max_length": _("最多%(limit_value)d个字，现在是%(show_value)d个"), "required": needed}
        if rows:
            kwargs["widget"] = forms.Textarea(attrs={"rows": rows})
        super().__init__(max_length=limit, required=bool(needed), error_messages=words, **kwargs)

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value), multiline=self.multiline)


class Day(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        words = {"invalid": _("日期写成2026-06-26这样"), "required": _("选日期")}
        super().__init__(widget=DayInput(), validators=[in_our_time], error_messages=words, **kwargs)


class AddresseesField(forms.MultipleChoiceField):
    """Posts as unit:role. A unit that was closed meanwhile is no choice any more, but is still understood: what is
    wrong with it is the action's to say."""

    def __init__(self, **kwargs: Any) -> None:
        words = {"required": _("选交办给谁，一个以上")}
        super().__init__(label=_("交给"), widget=PickGroups(), error_messages=words, **kwargs)
        self.units: Any = Unit.objects.none()

    def reach(self, user: Person, now: datetime) -> None:
        self.choices = queries.grouped(queries.addressees(user, timezone.localdate(now)))
        self.units = Unit.objects.filter(pk__in=user.units_for(HAND_OUT))

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)

    def clean(self, value: Any) -> list[tuple[Unit, str]]:
        pairs = {tuple(str(key).partition(":")[::2]) for key in super().clean(value)}
        numbers = {text: whole_number(text) for text, _post in pairs if len(text) <= LONGEST_KEY}
        units = {unit.pk: unit for unit in self.units.filter(pk__in=[n for n in numbers.values() if n is not None])}
        found = [(units.get(numbers.get(text)), post) for text, post in pairs]
        if any(unit is None for unit, _post in found):
            raise forms.ValidationError(_("有单位不归你管，重新选"))
        return [(unit, post) for unit, post in found if unit is not None]


class HandOutForm(Form):
    """What, to whom, until when. `id` is minted with the blank form and names the batch."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    title = Text(120, label=_("办什么"), needed=_("写明要办什么"))
    due_on = Day(label=_("期限"))
    to = AddresseesField()
    text = Text(500, label=_("要求"), rows=2)
    needs_reply = forms.BooleanField(label=_("要书面回复，认可后才算办结"), required=False, initial=True)

    def __init__(self, *args: Any, user: Person, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].reach(user, now)
        self.fields["due_on"].initial = queries.default_due(now)

    def arguments(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        return {"batch": given.pop("id"), **given}


class MoveForm(Form):
    """What a move asks; `version` is the one that the person saw."""

    asks = False
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, record: Assignment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class TextForm(MoveForm):
    asks = True
    text = Text(1000, label=_("内容"), rows=4, needed=_("写明内容"))


class ReasonForm(MoveForm):
    asks = True
    reason = Text(400, label=_("原因"), rows=3, needed=_("写明原因"))


class SendBackForm(ReasonForm):
    due_on = Day(label=_("改到哪天前"), required=False, help_text=_("不改期限就留空"))


class ExtendForm(MoveForm):
    """The day that was asked for; else a week after the present one."""

    asks = True
    due_on = Day(label=_("延到"))

    def __init__(self, *args: Any, record: Assignment, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.fields["due_on"].initial = record.asked_due_on or later(record.due_on)


class AskExtensionForm(ReasonForm):
    due_on = Day(label=_("延到"))
    field_order = ("due_on", "reason")

    def __init__(self, *args: Any, record: Assignment, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.fields["due_on"].initial = later(record.due_on)


def later(day: date) -> date:
    """A week on, from today where the day has passed."""
    return max(day, timezone.localdate()) + timedelta(days=7)


FORMS: dict[str, type[MoveForm]] = {
    "reply": TextForm,
    "finish": MoveForm,
    "accept": MoveForm,
    "send_back": SendBackForm,
    "urge": MoveForm,
    "ask_extension": AskExtensionForm,
    "extend": ExtendForm,
    "refuse_extension": ReasonForm,
    "remark": TextForm,
    "withdraw": ReasonForm,
}
"""Move → what it asks for."""
