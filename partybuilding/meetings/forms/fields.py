"""Fields that the forms of meetings share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.forms import ClockInput, DayInput, in_our_time
from brigade.kit.text import clean_text


class Line(forms.CharField):
    """A line of text, cleaned; what is too long is refused with its length and stays in the field."""

    multiline = False

    def __init__(self, limit: int, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.limit = limit

    def to_python(self, value: Any) -> str:
        text = clean_text(super().to_python(value) or "", multiline=self.multiline)
        if len(text) > self.limit:
            raise ValidationError(_("最多%(limit)d个字，现在是%(n)d个") % {"limit": self.limit, "n": len(text)})
        return text


class Text(Line):
    multiline = True

    def __init__(self, limit: int = 20_000, rows: int = 2, **kwargs: Any) -> None:
        super().__init__(limit, **{"widget": forms.Textarea(attrs={"rows": rows}), **kwargs})


class Day(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        words = {"invalid": _("日期写成2026-11-20这样"), "required": _("选日期")}
        super().__init__(**{"widget": DayInput(), "error_messages": words, "validators": [in_our_time], **kwargs})


class Clock(forms.TimeField):
    def __init__(self, **kwargs: Any) -> None:
        words = {"invalid": _("时刻写成15:00这样"), "required": _("写时刻")}
        super().__init__(**{"widget": ClockInput(), "error_messages": words, **kwargs})


NOT_OFFERED = {"invalid_choice": gettext_lazy("选的不在可选范围内，请重新选")}


def choices(label: Any, **kwargs: Any) -> Any:
    """Several by id; what is offered is set by the form."""
    return forms.TypedMultipleChoiceField(label=label, coerce=int, required=False, error_messages=NOT_OFFERED, **kwargs)


def choice(label: Any, *, required: bool = False, **kwargs: Any) -> Any:
    """A choice of people or groups by id; what is offered is set by the form."""
    return forms.TypedChoiceField(
        label=label, coerce=int, empty_value=None, required=required, error_messages=NOT_OFFERED, **kwargs
    )


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
