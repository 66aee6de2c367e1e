"""What a move asks before it is made; the forms of a waiver and of leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.forms import Form, MomentInput, in_our_time
from partybuilding.meetings.forms.fields import Day, Line, Text, choice
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.states import ON_LEAVE, THERE, Presence


class MoveForm(Form):
    """What a move asks; `version` is the one that the person saw."""

    asks = False
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, record: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ReasonForm(MoveForm):
    asks = True
    reason = Text(200, label=gettext_lazy("原因"), required=True, error_messages={"required": gettext_lazy("写明原因")})


class PostponeForm(ReasonForm):
    starts_at = forms.DateTimeField(
        label=gettext_lazy("改到"),
        required=False,
        widget=MomentInput(),
        validators=[in_our_time],
        help_text=gettext_lazy("还没定就留空，定了再通知。"),
    )


class MakeUpForm(MoveForm):
    """Those who were not there, out of this meeting's roll."""

    asks = True
    people = forms.TypedMultipleChoiceField(
        label=gettext_lazy("谁补了课"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("选补了课的人")},
    )  # fmt: skip
    on = Day(label=gettext_lazy("补课日期"), initial=timezone.localdate)

    def __init__(self, *args: Any, record: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        away = record.attendances.exclude(status__in=THERE | {Presence.EXEMPT, Presence.OBSERVER})
        away = away.exclude(makeup="done").select_related("person")
        choices = self.fields["people"].choices = [(row.person_id, row.person.name) for row in away]
        if len(choices) == 1:
            self.fields["people"].initial = [choices[0][0]]


class FinishForm(MoveForm):
    asks = True
    result = Text(
        500, label=gettext_lazy("结果"), required=True, error_messages={"required": gettext_lazy("写一句办理结果")}
    )


class AnswerForm(MoveForm):
    """Approving needs no words, so the page does it with one press."""

    answer = Line(200, label=gettext_lazy("批复"))


MEETING_FORMS: dict[str, type[MoveForm]] = {
    "submit": MoveForm,
    "notify": MoveForm,
    "confirm": MoveForm,
    "archive": MoveForm,
    "approve_backfill": MoveForm,
    "postpone": PostponeForm,
    "cancel": ReasonForm,
    "reopen": ReasonForm,
    "void": ReasonForm,
    "make_up": MakeUpForm,
}
DECISION_FORMS: dict[str, type[MoveForm]] = {"finish": FinishForm, "drop": ReasonForm}
WAIVER_FORMS: dict[str, type[MoveForm]] = {"approve": AnswerForm, "return": ReasonForm}
LEAVE_FORMS: dict[str, type[MoveForm]] = {"approve": MoveForm, "return": ReasonForm}


class WaiverForm(Form):
    """Asked from a cell of the matrix: unit, requirement and period come with it."""

    reason = Text(
        200,
        label=gettext_lazy("理由"),
        required=True,
        error_messages={"required": gettext_lazy("写明理由，例如执勤高峰")},
    )


class LeaveForm(Form):
    """Leave from a meeting: one's own; of whoever told him, where the person keeps the record (`of` names them)."""

    person = choice(gettext_lazy("谁请假"), required=True)
    kind = forms.ChoiceField(label=gettext_lazy("类别"), widget=forms.RadioSelect, initial=Presence.LEAVE_DUTY)
    reason = Line(120, label=gettext_lazy("事由"), required=True, error_messages={"required": gettext_lazy("写明事由")})

    def __init__(self, *args: Any, of: Sequence[tuple[int, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of is None:
            del self.fields["person"]
        else:
            self.fields["person"].choices = [("", _("选请假的人")), *of]
            self.fields["person"].error_messages["required"] = _("选请假的人")
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in Presence if kind in ON_LEAVE]
