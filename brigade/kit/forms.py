"""How every form of the portal is drawn and asks for what is missing: one renderer, one base, and inputs for a day,
a time of day and a moment."""

from datetime import date
from functools import cache, lru_cache
from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.pinyin import search_forms

CONTROLS = {
    "django/forms/widgets/select.html": "form-select",
    "django/forms/widgets/checkbox.html": "form-check-input",
} | {
    f"django/forms/widgets/{kind}.html": "form-control"
    for kind in ("text", "number", "email", "url", "password", "date", "datetime", "time", "textarea", "file", "input")
}

UNNAMED = forms.Field.default_error_messages["required"]
LONGEST_KEY = 18
"""Digits of a number that fits into a column of keys."""


class FormRenderer(TemplatesSetting):
    """Label on the left, control, hint and error on the right; Bootstrap's classes put on here, not in each form."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if widget := context.get("widget"):
            for part in widget.get("subwidgets", [widget]):
                dress(part)
        return super().render(template_name, context, request=request)


@cache
def sensitive_names() -> frozenset[str]:
    """Names of the fields that a model seals: what is typed into them is never kept as a draft."""
    return frozenset(name for model in apps.get_models() for name in getattr(model, "SENSITIVE", ()))


def is_sensitive(name: str) -> bool:
    """Whether an input holds a sealed value, also in a row (rows-0-phone)."""
    return name.rpartition("-")[2] in sensitive_names() or "password" in name


def dress(widget: dict[str, Any]) -> None:
    """Give a control the class that its kind has, and keep what is sensitive out of drafts."""
    if is_sensitive(widget["name"]):
        widget["attrs"]["data-no-draft"] = True
    if css := CONTROLS.get(widget["template_name"]):
        attrs = widget["attrs"]
        invalid = "is-invalid" if attrs.get("aria-invalid") else ""
        attrs["class"] = " ".join(filter(None, (css, attrs.get("class"), invalid)))


def in_our_time(value: date) -> None:
    """Validates that a day can be meant: a slip of the finger easily lands in the year 26 or 9026."""
    if not 2000 <= value.year <= 2100:
        raise ValidationError(_("年份不对，请核对"))


def in_living_memory(value: date) -> None:
    """The same for a day that may lie far back: when a unit was opened, when somebody began."""
    if not 1920 <= value.year <= 2100:
        raise ValidationError(_("年份不对，请核对"))


class Form(forms.Form):
    """Every form of the portal: what is left empty and has no sentence of its own is asked for by its name."""

    def full_clean(self) -> None:
        for field in self.fields.values():
            if field.label and field.error_messages["required"] is UNNAMED:
                field.error_messages["required"] = _asked_for(field)
        super().full_clean()


class EditForm(Form):
    """One that opens with what a thing holds, which others may change meanwhile; `version` is the one that was seen."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput())


def _asked_for(field: forms.Field) -> str:
    if isinstance(field, forms.BooleanField):
        return _("请勾选“%s”。") % field.label
    picked = isinstance(field, forms.ChoiceField | forms.FileField)
    return (_("请选“%s”。") if picked else _("请填“%s”。")) % field.label


class ManyChoiceField(forms.ModelMultipleChoiceField):
    """Several rows out of a list; a key longer than any key is no choice, instead of breaking the database."""

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if len(str(key)) > LONGEST_KEY:
                raise ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": key})
        return super().clean(value)


class PickGroups(forms.CheckboxSelectMultiple):
    """Choices in groups as buttons to press; the first group lies open, the others are folded away."""

    template_name = "ui/pick_groups.html"


class Picker(forms.Select):
    """One row out of many, found by pinyin and initials too; people by their number, which tells namesakes apart."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-pick": ""} | (attrs or {}))

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, label, *args, **kwargs)
        row = getattr(value, "instance", None)
        if row is not None:
            number = getattr(row, "police_no", "")
            option["attrs"] |= {"data-search": _letters(str(label), bool(number))}
            option["attrs"] |= {"data-note": number} if number else {}
        return option


@lru_cache(4096)
def _letters(name: str, surname: bool) -> str:
    return " ".join(search_forms(name, surname))


class Pickers(Picker, forms.SelectMultiple):
    """Several rows out of many."""


class OneChoiceField(forms.ModelChoiceField):
    """A row whose key is that of another row: the framework looks such a key up however long it is."""

    def to_python(self, value: Any) -> Any:
        if len(str(value)) > LONGEST_KEY:
            raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": value})
        return super().to_python(value)


class DayInput(forms.DateInput):
    """A day as 2026-11-20, typed (1120 will do) or picked from a calendar that is Chinese in any browser."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        own = {"data-day": True, "inputmode": "numeric", "autocomplete": "off", "placeholder": gettext_lazy("年-月-日")}
        super().__init__(own | (attrs or {}), format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    """A time of day as 15:00, typed (15 or 1530 will do) or moved by the arrow keys."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        own = {"data-clock": True, "inputmode": "numeric", "autocomplete": "off", "placeholder": gettext_lazy("时:分")}
        super().__init__(own | (attrs or {}), format="%H:%M")


class MomentInput(forms.DateTimeInput):
    """Day and time of day to the minute, as 2026-11-20 15:00."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        own = {"data-day": "time", "autocomplete": "off", "placeholder": gettext_lazy("年-月-日 时:分")}
        super().__init__(own | (attrs or {}), format="%Y-%m-%d %H:%M")
