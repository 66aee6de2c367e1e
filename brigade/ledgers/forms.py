"""What a person says when a ledger's filters are kept under a name, and when a sheet is brought in or taken back."""

from typing import Any

from django import forms
from django.apps import apps
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import Form


class SavedViewForm(Form):
    """Name, whom it is shared with, and whether the ledger opens with it."""

    prefix = "view"

    name = forms.CharField(label=_("名称"), max_length=20, error_messages={"required": _("给视图起个名字。")})
    unit: forms.ModelChoiceField = forms.ModelChoiceField(
        label=_("共享给"), queryset=None, required=False, empty_label=_("只有自己")
    )
    is_default = forms.BooleanField(label=_("打开台账时就用它"), required=False)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4000)

    def __init__(self, *args: Any, user: Any, permission: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        units = apps.get_model("org", "Unit").objects.filter(pk__in=user.units_for(permission))
        self.fields["unit"].queryset = units
        alone = ("", self.fields["unit"].empty_label)
        self.fields["unit"].choices = [alone, *((one.pk, str(one)) for _depth, one in units.as_tree())]


class UploadForm(Form):
    file = forms.FileField(
        label=_("Excel表"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx", "data-no-draft": True}),
    )

    def __init__(self, *args: Any, max_rows: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("xlsx，最多20MB、%(n)d行") % {"n": max_rows}


class UndoForm(Form):
    reason = forms.CharField(
        label=_("原因"),
        max_length=200,
        error_messages={"required": _("写明撤销的原因。")},
        widget=forms.Textarea({"rows": 2}),
    )
