"""Input of the desk and of each move, and its checks; page and API read the same forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import DayInput, Form, in_our_time
from brigade.kit.text import clean_text
from brigade.org.models import Person, Unit
from services.requests import queries
from services.requests.actions import Citizen, Marks
from services.requests.models import ServiceItem, ServiceRequest
from services.requests.states import (
    DeliveryKind,
    Ending,
    IdKind,
    MaterialStatus,
    NoticeChannel,
    Outcome,
    Proposal,
    RequestState,
    SuspensionReason,
)

MARK = re.compile(r"material-(\d{1,18})")
ASKED_OF_CLERK = (MaterialStatus.OK, MaterialStatus.MISSING, MaterialStatus.EXEMPT, MaterialStatus.TOLERATED)
"""What the keys 1 to 4 say of a material."""


class Text(forms.CharField):
    """Typed text, cleaned before it is measured; refuses in one sentence that says how long it may be."""

    def __init__(self, *, multiline: bool = False, rows: int = 3, **kwargs: Any) -> None:
        self.multiline = multiline
        words = {"max_length": _("最多%(limit_value)d个字，现在是%(show_value)d个")}
        if needed := kwargs.pop("needed", None):
            words["required"] = needed
        if multiline:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(error_messages=words, **kwargs)

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value), multiline=self.multiline)


class Choice(forms.ChoiceField):
    """One of a list; refuses in words that a person would use."""

    def __init__(self, **kwargs: Any) -> None:
        words = {"required": _("选一项"), "invalid_choice": _("没有“%(value)s”这一项")}
        super().__init__(error_messages=words | kwargs.pop("error_messages", {}), **kwargs)


def day_field(**kwargs: Any) -> forms.DateField:
    words = {"invalid": _("日期写成2026-06-26这样"), "required": _("选日期")}
    return forms.DateField(widget=DayInput(), validators=[in_our_time], error_messages=words, **kwargs)


def marks_of(data: Mapping[str, Any]) -> Marks:
    """Material id → (status, note), out of the fields material-<id> of a form."""
    found = {}
    for name in data:
        if key := MARK.fullmatch(name):
            found[int(key[1])] = (str(data[name]), clean_text(str(data.get(f"note-{key[1]}", "")))[:100])
    return found


class CitizenFields(Form):
    """Who the request is for; asked only where it stays open."""

    citizen_name = Text(label=_("姓名"), max_length=40, required=False)
    phone = Text(label=_("手机号"), max_length=20, required=False)
    id_kind = Choice(label=_("证件"), choices=IdKind.choices, required=False, initial=IdKind.RESIDENT)
    id_no = Text(label=_("证件号"), max_length=30, required=False)
    is_out_of_province = forms.BooleanField(label=_("外省户籍"), required=False)

    def citizen(self) -> Citizen:
        data = self.cleaned_data
        return Citizen(
            name=data["citizen_name"],
            id_kind=data["id_kind"] or IdKind.RESIDENT,
            id_no=data["id_no"],
            phone=data["phone"],
            is_out_of_province=data["is_out_of_province"],
        )


class DeskForm(CitizenFields):
    """One turn at the desk. `id` is minted with the blank form; `item` is a version that is valid today."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    unit = forms.ModelChoiceField(
        label=_("大厅"),
        queryset=None,
        error_messages={"required": _("选大厅"), "invalid_choice": _("没有这个大厅，或者不是你办件的大厅")},
    )
    item = forms.ModelChoiceField(
        label=_("事项"),
        queryset=None,
        error_messages={
            "required": _("先选事项：输代码、拼音或首字母"),
            "invalid_choice": _("没有这个事项，或者已经停办"),
        },
    )
    ending = Choice(choices=Ending.choices, error_messages={"required": _("选怎样办：当场办结、受理或一次性告知")})
    external_no = Text(label=_("平台流水号"), max_length=40, required=False)
    tolerated_due_on = day_field(label=_("容缺补交日期"), required=False)
    channel = Choice(choices=NoticeChannel.choices, required=False)
    received_at = forms.DateTimeField(
        required=False, validators=[in_our_time], error_messages={"invalid": _("时间写成2026-06-26T09:00这样")}
    )

    def __init__(self, *args: Any, user: Person, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        halls = queries.halls_of(user)
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=[hall.pk for hall in halls])
        self.fields["unit"].initial = halls[0] if halls else None
        self.fields["item"].queryset = ServiceItem.objects.on(timezone.localdate(now))

    @property
    def stay_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """What is asked only where the request stays open, in the order in which it is typed, two in a row."""
        pairs = (("citizen_name", "phone"), ("id_no", "id_kind"), ("tolerated_due_on", "is_out_of_province"))
        return [(self[left], self[right]) for left, right in pairs]

    @property
    def other_errors(self) -> list[str]:
        """What is wrong with fields that the desk does not show."""
        shown = {"external_no", *(field.name for pair in self.stay_fields for field in pair)}
        return [error for name, errors in self.errors.items() if name not in shown for error in errors]

    def arguments(self) -> dict[str, Any]:
        """What `actions.take_in` is called with."""
        data = self.cleaned_data
        return {
            "id": data["id"],
            "unit": data["unit"],
            "item": data["item"],
            "ending": data["ending"],
            "marks": marks_of(self.data),
            "citizen": self.citizen(),
            "external_no": data["external_no"],
            "tolerated_due_on": data["tolerated_due_on"],
            "channel": data["channel"] or NoticeChannel.PAPER,
            "received_at": data["received_at"],
        }


class ScopeForm(Form):
    """Whether a hall takes in a service, from when, and where else citizens go."""

    unit = forms.ModelChoiceField(
        label=_("大厅"),
        queryset=None,
        error_messages={"required": _("选大厅"), "invalid_choice": _("这个大厅不归你定")},
    )
    in_scope = forms.TypedChoiceField(
        label=_("本所"), choices=[("1", _("办理")), ("0", _("不办"))], coerce=lambda value: value == "1"
    )
    elsewhere = Text(label=_("到哪里办"), max_length=60, required=False, help_text=_("不办时写，窗口会照着告诉群众"))
    valid_from = day_field(label=_("从哪天起"), initial=timezone.localdate)
    basis = Text(
        label=_("依据"), max_length=120, help_text=_("例如省厅、支队通知的文号"), needed=_("写明依据，例如通知的文号")
    )

    def __init__(self, *args: Any, halls: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=[hall.pk for hall in halls])
        self.fields["unit"].initial = halls[0]
        if len(halls) == 1:
            self.fields["unit"].widget = forms.HiddenInput()


class MoveForm(Form):
    """What a move asks for; most ask for nothing. `version` is the one that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, record: ServiceRequest, **kwargs: Any) -> None:
        self.record = record
        super().__init__(*args, **kwargs)

    @property
    def asks(self) -> bool:
        return bool(self.visible_fields())

    def arguments(self) -> dict[str, Any]:
        """What the action is called with."""
        return dict(self.cleaned_data)


class NumberForm(MoveForm):
    """The number of the national platform, which is not asked again where it is known."""

    external_no = Text(label=_("平台流水号"), max_length=40, required=False)

    def __init__(self, *args: Any, record: ServiceRequest, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.initial["external_no"] = record.external_no


class MaterialsForm(MoveForm):
    """How each material stands now; of a round that begins, only what was missing is asked again."""

    def __init__(self, *args: Any, record: ServiceRequest, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        is_back = record.state == RequestState.SUPPLEMENT_REQUESTED
        words = dict(MaterialStatus.choices)
        for paper in record.papers:
            if is_back and paper.status not in (MaterialStatus.MISSING, MaterialStatus.INVALID):
                continue
            self.fields[f"material-{paper.material_id}"] = Choice(
                label=paper.material.name,
                choices=[(status, words[status]) for status in MaterialStatus.values],
                initial=MaterialStatus.OK if is_back else paper.status,
            )
        if not is_back:
            self.fields["tolerated_due_on"] = day_field(
                label=_("容缺补交日期"), required=False, initial=record.tolerated_due_on
            )

    def arguments(self) -> dict[str, Any]:
        rest = {name: value for name, value in self.cleaned_data.items() if not MARK.fullmatch(name)}
        notes = {paper.material_id: paper.note for paper in self.record.papers}
        marks = {pk: (status, note or notes.get(pk, "")) for pk, (status, note) in marks_of(self.cleaned_data).items()}
        return {**rest, "marks": marks}


class ChannelForm(MoveForm):
    channel = Choice(label=_("告知方式"), choices=NoticeChannel.choices, initial=NoticeChannel.PAPER)


class ReasonForm(MoveForm):
    reason = Text(label=_("原因"), max_length=200, multiline=True, needed=_("写明原因"))


class WithdrawForm(ReasonForm):
    is_signed = forms.BooleanField(
        label=_("收到申请人签字的撤回申请"),
        error_messages={"required": _("撤回要有申请人签字的书面申请，收到后再办")},
    )


class ProposalForm(MoveForm):
    proposal = Choice(label=_("拟办意见"))
    reason = Text(label=_("理由"), max_length=500, multiline=True, required=False)
    remedy = Text(label=_("救济途径"), max_length=300, multiline=True, rows=2, required=False)

    def __init__(self, *args: Any, record: ServiceRequest, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        is_before = record.state == RequestState.RECEIVED
        rejects = [row for row in Proposal.choices if (row[0] == Proposal.REJECT) == is_before]
        self.fields["proposal"].choices = rejects
        if is_before:
            self.fields["reason"].required = self.fields["remedy"].required = True
            self.fields["reason"].error_messages["required"] = _("写明理由")
            self.fields["remedy"].error_messages["required"] = _("写明救济途径，或者该向哪个机关申请")
        else:
            self.fields["reason"].help_text = _("拟不予许可时要写")


class CompleteForm(NumberForm):
    """A flagged item is completed as it was proposed, so nothing is asked."""

    outcome = Choice(label=_("结果"), choices=Outcome.choices, initial=Outcome.APPROVED)
    reason = Text(label=_("理由"), max_length=500, multiline=True, required=False, help_text=_("不予许可时要写"))

    def __init__(self, *args: Any, record: ServiceRequest, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        if record.item.needs_reviewer:
            del self.fields["outcome"], self.fields["reason"]


class SuspendForm(MoveForm):
    reason_code = Choice(label=_("原因"), choices=SuspensionReason.choices)
    told_by = Text(label=_("怎样告知申请人"), max_length=60, needed=_("写明怎样书面告知了申请人"))
    note = Text(label=_("说明"), max_length=200, required=False)


class DeliverForm(MoveForm):
    delivery_kind = Choice(label=_("送达方式"), choices=DeliveryKind.choices)
    delivery_note = Text(
        label=_("领取人或单号"),
        max_length=60,
        required=False,
        help_text=_("窗口领取写领取人和证件尾号，邮寄写快递单号"),
    )

    def __init__(self, *args: Any, record: ServiceRequest, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        if record.id_no_tail:
            self.initial["delivery_note"] = _("%(name)s，证件尾号%(tail)s") % {
                "name": record.citizen_name,
                "tail": record.id_no_tail,
            }


class HandOverForm(MoveForm):
    to = forms.ModelChoiceField(
        label=_("移交给"),
        queryset=None,
        empty_label=_("选一个人"),
        error_messages={"required": _("选接手的人"), "invalid_choice": _("这个人不在本大厅")},
    )

    def __init__(self, *args: Any, record: ServiceRequest, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.fields["to"].queryset = queries.clerks_of(record).exclude(pk=record.handler_id)


class AmendForm(MoveForm, CitizenFields):
    """Sealed numbers are never shown again; left empty they stay as they are."""

    external_no = Text(label=_("平台流水号"), max_length=40, required=False)

    def __init__(self, *args: Any, record: ServiceRequest, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.initial.update(
            external_no=record.external_no,
            citizen_name=record.citizen_name,
            id_kind=record.id_kind,
            is_out_of_province=record.is_out_of_province,
        )
        for name, kept in (("phone", record.phone_tail), ("id_no", record.id_no_tail)):
            if kept:
                self.fields[name].help_text = _("已登记尾号%s，留空则不改") % kept

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        has_number = data.get("id_no") or data.get("phone")
        if data.get("citizen_name", "") != self.record.citizen_name and not has_number:
            self.add_error("phone", _("改办事人要同时写手机号或证件号"))
        if data.get("is_out_of_province") and not self.record.is_out_of_province and not has_number:
            self.add_error("is_out_of_province", _("改成外省户籍要同时写手机号或证件号"))
        return data

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        has_citizen = data["id_no"] or data["phone"]
        return {
            "version": data["version"],
            "external_no": data["external_no"],
            "citizen": self.citizen() if has_citizen else None,
        }


FORMS: dict[str, type[MoveForm]] = {
    "check_materials": MaterialsForm,
    "take_back": MaterialsForm,
    "accept": MoveForm,
    "finish": NumberForm,
    "notify": ChannelForm,
    "start": MoveForm,
    "ask_review": ProposalForm,
    "return_review": ReasonForm,
    "reject": MoveForm,
    "complete": CompleteForm,
    "suspend": SuspendForm,
    "resume": MoveForm,
    "supply": MoveForm,
    "deliver": DeliverForm,
    "withdraw": WithdrawForm,
    "hand_over": HandOverForm,
    "amend": AmendForm,
    "void": ReasonForm,
}
"""Move → what it asks for."""
