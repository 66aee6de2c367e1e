"""Fields that the forms of hazards share; photos are uploaded at once and travel as ids, so a refusal costs none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.files.models import File
from brigade.files.states import FileKind
from brigade.kit.forms import DayInput, MomentInput, OneChoiceField, in_our_time
from brigade.kit.text import clean_text
from enforcement.hazards.actions import Picture

LONG = 4000
UPLOADS, WRONG = "photo_files", "photo_error"
"""Names of the file input beside the ids of photos, and of what was wrong with a file of a page without scripts."""
MOST = 20


class Text(forms.CharField):
    """Typed text, cleaned before it is measured; refuses in one sentence that says how long it may be."""

    def __init__(self, *, multiline: bool = False, rows: int = 3, **kwargs: Any) -> None:
        self.multiline = multiline
        words = {"max_length": gettext_lazy("最多%(limit_value)d个字，现在是%(show_value)d个")}
        if needed := kwargs.pop("needed", None):
            words["required"] = needed
        if multiline:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
            kwargs.setdefault("max_length", LONG)
        super().__init__(error_messages=words, **kwargs)

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value), multiline=self.multiline)


class Choice(forms.ChoiceField):
    """One of a list; refuses in words that a person would use."""

    def __init__(self, **kwargs: Any) -> None:
        words = {"required": gettext_lazy("选一项"), "invalid_choice": gettext_lazy("没有“%(value)s”这一项")}
        super().__init__(error_messages=words | kwargs.pop("error_messages", {}), **kwargs)


def one_of(label: Any, rows: Any = None, **kwargs: Any) -> OneChoiceField:
    """A row out of a list that the form may narrow."""
    words = {"invalid_choice": gettext_lazy("选的不在可选范围内，请重新选")} | kwargs.pop("error_messages", {})
    return OneChoiceField(label=label, queryset=rows, error_messages=words, **kwargs)


def day_field(**kwargs: Any) -> forms.DateField:
    words = {"invalid": gettext_lazy("日期写成2026-06-26这样"), "required": gettext_lazy("选日期")}
    return forms.DateField(widget=DayInput(), validators=[in_our_time], error_messages=words, **kwargs)


def moment_field(**kwargs: Any) -> forms.DateTimeField:
    words = {"invalid": gettext_lazy("时间写成2026-06-26 09:00这样"), "required": gettext_lazy("写明时间")}
    return forms.DateTimeField(widget=MomentInput(), validators=[in_our_time], error_messages=words, **kwargs)


def money_field(**kwargs: Any) -> forms.DecimalField:
    words = {
        "invalid": gettext_lazy("金额写成48000或者48000.50这样，单位元"),
        "min_value": gettext_lazy("金额不能是负数"),
    }
    return forms.DecimalField(
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        error_messages=words,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        **kwargs,
    )


def degrees_field(label: Any) -> forms.FloatField:
    words = {"invalid": gettext_lazy("经纬度写成36.456123这样的小数")}
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.FloatField(label=label, required=False, error_messages=words, widget=widget)


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Uploads:
    """The ids of photos that a form carries, and what was wrong with files that came along."""

    ids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def images(ids: Any) -> list[File]:
    """The pictures of these ids, in their order; what is no picture is left out."""
    wanted = [pk for pk in map(uuid_or_none, ids) if pk][:MOST]
    found = {file.pk: file for file in File.objects.filter(pk__in=wanted, kind=FileKind.IMAGE)}
    return [found[pk] for pk in dict.fromkeys(wanted) if pk in found]


class PhotosInput(forms.Widget):
    """Thumbnails of what was uploaded, and a button that uploads more; the ids travel in one hidden input."""

    template_name = "hazards/photos_input.html"
    needs_multipart_form = True
    use_fieldset = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Uploads:
        texts = data.getlist(name) if hasattr(data, "getlist") else [data.get(name, "")]
        wrong = data.getlist(WRONG) if hasattr(data, "getlist") else []
        return Uploads(tuple(" ".join(texts).split()), tuple(wrong))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def format_value(self, value: Any) -> str | None:
        """What the hidden input says; a merge compares that."""
        return " ".join(value.ids) or None if isinstance(value, Uploads) else None

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        carried = value if isinstance(value, Uploads) else Uploads()
        context["widget"] |= {"files": images(carried.ids), "uploads": UPLOADS}
        return context


class PhotosField(forms.Field):
    """Photos as `Picture`s; a picture counts as taken when it reached the server, for no clock of a camera is asked.

    `required` only marks it on the page: the action says what is missing, and why.
    """

    widget = PhotosInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": gettext_lazy("照片"), "required": False, **kwargs})

    def clean(self, value: Any) -> list[Picture]:
        carried = value if isinstance(value, Uploads) else Uploads()
        if carried.errors:
            raise ValidationError(list(carried.errors))
        found = images(carried.ids)
        if len(found) < len(set(carried.ids)):
            raise ValidationError(_("照片没有传上来，请重新选"))
        return [Picture(file.pk, file.at) for file in found]
