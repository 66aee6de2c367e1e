"""What the moves of a hazard ask for. Most ask for little: what is usual is filled in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.forms import Form, ManyChoiceField, Picker, Pickers
from brigade.kit.geo import Point
from brigade.kit.text import clean_text
from brigade.org.models import Person, Unit
from brigade.org.states import Role
from enforcement.hazards import queries, rules
from enforcement.hazards.forms.fields import (
    Choice,
    PhotosField,
    Text,
    day_field,
    moment_field,
    money_field,
    one_of,
)
from enforcement.hazards.models import Hazard
from enforcement.hazards.states import Check, Grade, ListingLevel, NoFix

NOTE = 300


class MoveForm(Form):
    """What a move asks for. `version` is the one that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, record: Hazard, user: Person, **kwargs: Any) -> None:
        self.record, self.user = record, user
        super().__init__(*args, **kwargs)

    @classmethod
    def asks_of(cls, record: Hazard, user: Person) -> bool:
        """Whether the move wants to know anything; asked for each button, so it reads nothing."""
        return len(cls.base_fields) > 1

    def arguments(self) -> dict[str, Any]:
        """What the action is called with."""
        return dict(self.cleaned_data)


class ReasonForm(MoveForm):
    reason = Text(label=gettext_lazy("原因"), max_length=NOTE, multiline=True, needed=gettext_lazy("写明原因"))


class RegisterForm(MoveForm):
    note = Text(
        label=gettext_lazy("怎样核实的"),
        max_length=NOTE,
        multiline=True,
        rows=2,
        needed=gettext_lazy("写明怎样核实的，例如现场核实或者看了照片"),
    )
    photos = PhotosField(label=gettext_lazy("补照片"))
    no_photo_reason = Text(label=gettext_lazy("没有照片的原因"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.record.photos.exists():
            del self.fields["no_photo_reason"]


class MergeForm(MoveForm):
    """Into which hazard: one that lies near, or any other by its number."""

    target = Choice(label=gettext_lazy("并入哪一处"), widget=forms.RadioSelect, required=False)
    number = Text(label=gettext_lazy("或者写编号"), max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        near = queries.near_hazard(self.record, timezone.now())
        seen = set(
            Hazard.objects.visible_to(self.user).filter(pk__in=[one.hazard.pk for one in near]).values_list("pk")
        )
        self.fields["target"].choices = [
            (
                str(one.hazard.pk),
                _("%(number)s %(title)s，%(state)s，相距%(metres)d米")
                % {
                    "number": one.hazard.number,
                    "title": one.hazard.title,
                    "state": one.hazard.get_state_display(),
                    "metres": one.metres,
                },
            )
            for one in near
            if (one.hazard.pk,) in seen
        ]
        if not self.fields["target"].choices:
            del self.fields["target"]
            self.fields["number"].label = gettext_lazy("编号")
            self.fields["number"].help_text = gettext_lazy("附近没有同类隐患，写要并入的编号")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        number, picked = clean_text(data.get("number") or "").upper(), data.get("target")
        rows = Hazard.objects.visible_to(self.user)
        into = rows.filter(number=number).first() if number else rows.filter(pk=picked).first() if picked else None
        if into is None:
            sentence = _("没有编号是%s的隐患，请核对") % number if number else _("选一处，或者写编号")
            self.add_error("number", sentence)
        self.into = into
        return data

    def arguments(self) -> dict[str, Any]:
        return {"version": self.cleaned_data["version"], "target": self.into}


class GradeForm(MoveForm):
    suggestion = Text(label=gettext_lazy("整改建议"), multiline=True, rows=2, required=False)
    is_key = forms.BooleanField(label=gettext_lazy("列为重点"), required=False)
    key_reason = Text(label=gettext_lazy("列为重点的理由"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["suggestion"] = self.record.suggestion


class GradeMajorForm(GradeForm):
    second_grader = one_of(
        gettext_lazy("共同定级人"),
        required=False,
        empty_label=gettext_lazy("选一个人"),
        widget=Picker(),
    )
    expert_note = Text(
        label=gettext_lazy("专家意见"),
        multiline=True,
        rows=2,
        required=False,
        help_text=gettext_lazy("共同定级人和专家意见，至少有一样"),
    )
    field_order = ("version", "second_grader", "expert_note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second_grader"].queryset = queries.graders_of(self.record, self.user)


class ControlForm(MoveForm):
    measures = Text(
        label=gettext_lazy("临时管控"),
        multiline=True,
        needed=gettext_lazy("写明临时管控措施，例如限速、锥桶、派人值守"),
    )
    photos = PhotosField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["measures"] = self.record.interim_measures


class SentFields(MoveForm):
    """Who has to mend it, until when, and who signs for us."""

    owner = one_of(
        gettext_lazy("责任单位"),
        empty_label=gettext_lazy("选责任单位"),
        widget=Picker(),
    )
    due_on = day_field(label=gettext_lazy("整改期限"))
    signed_by = one_of(gettext_lazy("签发人"), empty_label=gettext_lazy("选签发人"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = timezone.now()
        self.fields["owner"].queryset = self.owners()
        signers = queries.signers_of(self.record, timezone.localdate(now))
        self.fields["signed_by"].queryset = Person.objects.filter(pk__in=[one.pk for one in signers])
        own = next((one for one in signers if one.pk == self.user.pk), None)
        self.initial.setdefault("signed_by", own or (signers[0] if signers else None))
        self.initial.setdefault("due_on", queries.usual_due_on(self.record, now))

    def owners(self) -> Any:
        known = queries.owners().values("unit")
        return Unit.objects.filter(pk__in=known).order_by("name")


class NotifyForm(SentFields):
    partners = ManyChoiceField(
        label=gettext_lazy("配合单位"),
        queryset=Unit.objects.none(),
        required=False,
        widget=Pickers(),
    )
    suggestion = Text(label=gettext_lazy("整改建议"), multiline=True, rows=2, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partners"].queryset = self.owners()
        self.initial.setdefault("owner", queries.usual_owner(self.record))
        self.initial["suggestion"] = self.record.suggestion


class TransferForm(SentFields):
    reason = Text(
        label=gettext_lazy("转办理由"), max_length=NOTE, multiline=True, rows=2, needed=gettext_lazy("写明转办理由")
    )

    def owners(self) -> Any:
        return super().owners().exclude(pk=self.record.owner_id)


class AcceptForm(MoveForm):
    """The liaison signs with a click; from paper, the clerk writes down who signed and when."""

    signed_name = Text(
        label=gettext_lazy("签收人"),
        max_length=40,
        needed=gettext_lazy("代录回执要写明签收人"),
        help_text=gettext_lazy("照回执代录"),
    )
    signed_at = moment_field(label=gettext_lazy("签收时间"))

    @classmethod
    def asks_of(cls, record: Hazard, user: Person) -> bool:
        return not rules.is_owner(record, user)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if rules.is_owner(self.record, self.user):
            del self.fields["signed_name"], self.fields["signed_at"]


class StartForm(MoveForm):
    """五落实: a major hazard needs all of it, a general one what there is."""

    plan_measures = Text(label=gettext_lazy("整改措施"), multiline=True, rows=2)
    plan_funds = Text(label=gettext_lazy("资金"), max_length=120)
    plan_person = Text(label=gettext_lazy("责任人"), max_length=60)
    plan_due_on = day_field(label=gettext_lazy("时限"))
    plan_emergency = Text(label=gettext_lazy("预案"), multiline=True, rows=2)
    cost_estimate = money_field(label=gettext_lazy("预算（元）"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, _words in rules.PLAN:
            self.fields[name].required = self.record.grade == Grade.MAJOR
        due_at = self.record.due_at
        self.initial.setdefault("plan_due_on", timezone.localdate(due_at) if due_at else None)


class ProgressForm(MoveForm):
    note = Text(label=gettext_lazy("进展"), max_length=NOTE, multiline=True, rows=2, needed=gettext_lazy("写一句进展"))
    photos = PhotosField(label=gettext_lazy("整改后照片"))


class SubmitForm(MoveForm):
    note = Text(
        label=gettext_lazy("完工说明"), max_length=NOTE, multiline=True, rows=2, needed=gettext_lazy("写明做了什么")
    )
    completed_on = day_field(label=gettext_lazy("完工日期"), initial=timezone.localdate)
    photos = PhotosField(label=gettext_lazy("整改后照片"))
    cost_actual = money_field(label=gettext_lazy("实际花费（元）"))


class VerifyForm(MoveForm):
    """Two police on the spot: what they looked at, where the device says they stand, or why it does not say."""

    second = one_of(
        gettext_lazy("第二核验人"),
        empty_label=gettext_lazy("选一名民警"),
        widget=Picker(),
    )
    checks = forms.MultipleChoiceField(
        label=gettext_lazy("核验项"),
        choices=Check.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("核验项要全部勾选；不合格请驳回"),
            "invalid_choice": gettext_lazy("没有“%(value)s”这一项"),
        },
    )
    photos = PhotosField(label=gettext_lazy("核验照片"), required=True)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput)
    lon = forms.FloatField(required=False, widget=forms.HiddenInput)
    no_fix = Choice(
        label=gettext_lazy("定位不了的原因"),
        choices=[("", gettext_lazy("已定位")), *NoFix.choices],
        required=False,
    )
    note = Text(label=gettext_lazy("核验意见"), max_length=NOTE, multiline=True, rows=2, required=False)
    template_name = "hazards/verify_form.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second"].queryset = queries.verifiers_of(self.record, self.user)

    def arguments(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        lat, lon = data.pop("lat"), data.pop("lon")
        data["here"] = None if lat is None or lon is None else Point(lat, lon)
        data["checks"] = {item.value: item.value in data["checks"] for item in Check}
        return data


class FindUnmendedForm(ReasonForm):
    photos = PhotosField(label=gettext_lazy("核验照片"))


class ExtensionForm(ReasonForm):
    days = forms.IntegerField(
        label=gettext_lazy("延长天数"),
        min_value=1,
        max_value=1000,
        error_messages={
            "invalid": gettext_lazy("天数写成整数"),
            "min_value": gettext_lazy("延长天数至少1天"),
            "max_value": gettext_lazy("天数太多，请核对"),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    field_order = ("version", "days", "reason")


class GrantForm(MoveForm):
    answer = Text(label=gettext_lazy("审批意见"), max_length=200, required=False)


class DeferForm(ReasonForm):
    document_no = Text(label=gettext_lazy("批准文号"), max_length=60, needed=gettext_lazy("写明批准暂缓的文号"))
    review_on = day_field(label=gettext_lazy("复审日期"))
    field_order = ("version", "document_no", "review_on", "reason")


class ReopenForm(ReasonForm):
    due_on = day_field(label=gettext_lazy("新的期限"))
    photos = PhotosField(label=gettext_lazy("反弹照片"), required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("due_on", queries.usual_due_on(self.record, timezone.now()))


class RecheckForm(MoveForm):
    note = Text(
        label=gettext_lazy("现场情况"),
        max_length=NOTE,
        multiline=True,
        rows=2,
        needed=gettext_lazy("写明现场情况"),
        help_text=gettext_lazy("反弹了的，不在这里写，用“反弹重开”"),
    )


class ListForm(MoveForm):
    level = Choice(label=gettext_lazy("级别"))
    document_no = Text(label=gettext_lazy("挂牌文号"), max_length=60, needed=gettext_lazy("写明挂牌文号"))
    leader = Text(label=gettext_lazy("责任领导"), max_length=60, needed=gettext_lazy("写明挂牌责任领导"))
    listed_on = day_field(label=gettext_lazy("挂牌日期"), initial=timezone.localdate)
    due_on = day_field(label=gettext_lazy("挂牌期限"), required=False)
    is_public = forms.BooleanField(label=gettext_lazy("公示"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [row for row in ListingLevel.choices if self._may(row[0])]

    def _may(self, level: str) -> bool:
        is_office, is_clerk = Role.ROAD_SAFETY_OFFICE in self.user.roles, Role.CLERK in self.user.roles
        return is_office if level == ListingLevel.COUNTY else is_clerk


class DelistForm(MoveForm):
    level = Choice(label=gettext_lazy("级别"))
    document_no = Text(label=gettext_lazy("摘牌文号"), max_length=60, needed=gettext_lazy("写明摘牌文号"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = self.record.listings.filter(delisted_on__isnull=True).order_by("listed_on", "pk")
        self.fields["level"].choices = [(row.level, f"{row.get_level_display()}（{row.document_no}）") for row in rows]


class ReportUpForm(MoveForm):
    """What the government reads beside what is known: the crashes there, what to do, what it costs, who signs."""

    crash_analysis = Text(
        label=gettext_lazy("事故情况"),
        multiline=True,
        max_length=2000,
        needed=gettext_lazy("写明这里的事故情况；没有发生过，写明没有"),
    )
    scheme = Text(
        label=gettext_lazy("一点一方案"),
        multiline=True,
        max_length=2000,
        needed=gettext_lazy("写明怎样整改，一点一方案"),
    )
    cost = money_field(label=gettext_lazy("所需经费（元）"))
    signed_by = one_of(gettext_lazy("签发人"), empty_label=gettext_lazy("选签发人"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        signers = queries.signers_of(self.record, timezone.localdate())
        self.fields["signed_by"].queryset = Person.objects.filter(pk__in=[one.pk for one in signers])
        own = next((one for one in signers if one.pk == self.user.pk), None)
        self.initial.setdefault("signed_by", own or (signers[0] if signers else None))
        self.initial.setdefault("scheme", self.record.plan_measures or self.record.suggestion)
        self.initial.setdefault("cost", self.record.cost_estimate)


class ReassignForm(MoveForm):
    unit = one_of(gettext_lazy("改派给"), empty_label=gettext_lazy("选中队"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = queries.squadrons(self.record.unit, timezone.localdate()).exclude(
            pk=self.record.unit_id
        )
