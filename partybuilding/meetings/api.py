"""/api/v1/meetings/, decisions/, waivers/ and leaves/: the same forms and actions as the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from brigade import workflow
from brigade.api import MoveSerializer, RecordViewSet, WithMoves, with_moves
from brigade.kit.api import MomentField, Pages, refuse_invalid
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text
from brigade.kit.web import get_visible
from brigade.org.models import Person, Record
from partybuilding.branches.models import PartyBranch
from partybuilding.meetings import actions, forms
from partybuilding.meetings.models import Attendance, Decision, Leave, Meeting, Segment, Waiver
from partybuilding.meetings.moves import EDIT, RECORD_PERM
from partybuilding.meetings.states import AgendaKind, Ballot, Mode, Presence, SegmentKind, VoteKind

KEY: dict[str, Any] = {"min_value": 1, "max_value": 2**31}


# What is shown


class RecordSerializer(serializers.ModelSerializer):
    """What every record shows in a list."""

    kind = serializers.SerializerMethodField()

    def get_kind(self, record: Record) -> str:
        return record.kind()


RECORD = ("id", "kind", "number", "title", "unit", "state", "version", "created_at", "created_by")


class MeetingSerializer(RecordSerializer):
    class Meta:
        model = Meeting
        fields = (
            *RECORD, "theme", "starts_at", "ends_at", "place", "mode", "chair", "recorder", "backfill", "recorded_at",
            "confirmed_at", "record_late", "edition",
        )  # fmt: skip


class SegmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Segment
        fields = ("kind", "starts_at", "ends_at", "topic", "lecturer", "group")


class AttendanceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attendance
        fields = ("person", "status", "is_voter", "reason", "makeup")


class MeetingDetailSerializer(WithMoves, MeetingSerializer):
    segments = SegmentSerializer(many=True)
    attendances = AttendanceSerializer(many=True)

    class Meta(MeetingSerializer.Meta):
        fields = (
            *MeetingSerializer.Meta.fields, "summary", "segments", "attendances", "decisions", "available_moves",
        )  # fmt: skip


class DecisionSerializer(RecordSerializer):
    class Meta:
        model = Decision
        fields = (*RECORD, "meeting", "owner", "due_on", "result", "finished_at")


class DecisionDetailSerializer(WithMoves, DecisionSerializer):
    class Meta(DecisionSerializer.Meta):
        fields = (*DecisionSerializer.Meta.fields, "available_moves")


class WaiverSerializer(RecordSerializer):
    class Meta:
        model = Waiver
        fields = (*RECORD, "requirement", "period", "reason", "decided_by", "decided_at", "answer")


class WaiverDetailSerializer(WithMoves, WaiverSerializer):
    class Meta(WaiverSerializer.Meta):
        fields = (*WaiverSerializer.Meta.fields, "available_moves")


class LeaveSerializer(RecordSerializer):
    class Meta:
        model = Leave
        fields = (*RECORD, "meeting", "person", "leave_kind", "reason", "late", "decided_by", "decided_at", "answer")


class LeaveDetailSerializer(WithMoves, LeaveSerializer):
    class Meta(LeaveSerializer.Meta):
        fields = (*LeaveSerializer.Meta.fields, "available_moves")


# What is taken


class SpanInput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=SegmentKind.choices)
    start = serializers.TimeField()
    end = serializers.TimeField()
    topic = serializers.CharField(required=False, allow_blank=True)
    lecturer = serializers.IntegerField(required=False, **KEY)
    group = serializers.IntegerField(required=False, **KEY)


class TaskInput(serializers.Serializer):
    """A decision; with the `id` of a known one it stays that one."""

    id = serializers.UUIDField(required=False)
    title = serializers.CharField()
    owner = serializers.IntegerField(**KEY)
    due_on = serializers.DateField()


class VoteInput(serializers.Serializer):
    """One vote on one matter or one person."""

    kind = serializers.ChoiceField(choices=VoteKind.choices)
    ballot = serializers.ChoiceField(choices=Ballot.choices, required=False)
    candidate = serializers.IntegerField(required=False, **KEY)
    ayes = serializers.IntegerField(min_value=0, max_value=9999)
    noes = serializers.IntegerField(required=False, min_value=0, max_value=9999)
    abstain = serializers.IntegerField(required=False, min_value=0, max_value=9999)
    written = serializers.ListField(child=serializers.IntegerField(**KEY), required=False, max_length=200)
    written_at = MomentField(required=False)


class TopicInput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=AgendaKind.choices)
    title = serializers.CharField()
    speaker = serializers.CharField(required=False, allow_blank=True)
    summary = serializers.CharField(required=False, allow_blank=True)
    dissent = serializers.CharField(required=False, allow_blank=True)
    resolution = serializers.CharField(required=False, allow_blank=True)
    tasks = TaskInput(many=True, required=False, max_length=20)
    votes = VoteInput(many=True, required=False, max_length=20)


class ShiftInput(serializers.Serializer):
    """A further session of a meeting held in shifts; the first is `start` to `end`."""

    start = serializers.TimeField()
    end = serializers.TimeField()


class MarkInput(serializers.Serializer):
    """How somebody on the roll was there; whoever is not named was present, in shifts at the first session.

    `shifts` names the sessions to which somebody came who was present.
    """

    person = serializers.IntegerField(**KEY)
    status = serializers.ChoiceField(choices=Presence.choices)
    shifts = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=4), required=False, max_length=4
    )
    reason = serializers.CharField(required=False, allow_blank=True)


class MeetingContent(serializers.Serializer):
    """A meeting as it is written down."""

    day = serializers.DateField()
    start = serializers.TimeField()
    end = serializers.TimeField()
    shifts = ShiftInput(many=True, required=False, max_length=3)
    place = serializers.CharField(required=False, allow_blank=True)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    chair = serializers.IntegerField(required=False, allow_null=True, **KEY)
    recorder = serializers.IntegerField(required=False, allow_null=True, **KEY)
    theme = serializers.CharField(required=False, allow_blank=True)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=SegmentKind.choices), required=False, max_length=20
    )
    branches = serializers.ListField(child=serializers.IntegerField(**KEY), required=False, max_length=100)
    observers = serializers.ListField(child=serializers.IntegerField(**KEY), required=False, max_length=100)
    summary = serializers.CharField(required=False, allow_blank=True)
    attributed_year = serializers.IntegerField(required=False, allow_null=True, min_value=2000, max_value=2100)
    backfill_reason = serializers.CharField(required=False, allow_blank=True)
    segments = SpanInput(many=True, required=False, max_length=30)
    agenda = TopicInput(many=True, required=False, max_length=40)
    marks = MarkInput(many=True, required=False, max_length=1000)


class MeetingInput(MeetingContent):
    """A meeting as it is written down; `plan` only puts it on the plan."""

    id = serializers.UUIDField()
    unit = serializers.IntegerField(**KEY)
    plan = serializers.BooleanField(required=False)


class MeetingChange(MeetingContent):
    """A meeting as it shall be; `version` is the one that was read. With PATCH what is not named stays."""

    version = serializers.IntegerField(**KEY)


class WaiverInput(serializers.Serializer):
    id = serializers.UUIDField()
    unit = serializers.IntegerField(**KEY)
    requirement = serializers.ChoiceField(choices=SegmentKind.choices)
    period = serializers.CharField(max_length=10, help_text="2026-06, 2026-Q2")
    reason = serializers.CharField()


class LeaveInput(serializers.Serializer):
    """Leave from a meeting: one's own, or that of `person`, who told whoever keeps the record."""

    id = serializers.UUIDField()
    meeting = serializers.UUIDField()
    person = serializers.IntegerField(required=False, **KEY)
    leave_kind = serializers.ChoiceField(choices=Leave._meta.get_field("leave_kind").flatchoices)
    reason = serializers.CharField()


class MoveInput(MoveSerializer):
    """What the moves ask for; each reads its own and leaves the rest."""

    reason = serializers.CharField(required=False, allow_blank=True)
    answer = serializers.CharField(required=False, allow_blank=True)
    result = serializers.CharField(required=False, allow_blank=True)
    starts_at = MomentField(required=False)
    people = serializers.ListField(child=serializers.IntegerField(**KEY), required=False, max_length=200)
    on = serializers.DateField(required=False)


# Endpoints


class StartPages(Pages):
    ordering = ("-starts_at", "-id")


class DuePages(Pages):
    ordering = ("-due_on", "-id")


class EntryPages(Pages):
    ordering = ("-created_at", "-id")


class Records(RecordViewSet):
    """Records of branches in the caller's scope, and their moves."""

    pagination_class: type[Pages] = EntryPages
    sent = MoveInput

    def branch(self, pk: int, perm: str) -> PartyBranch:
        """A branch for which the caller has `perm`; anything else is not there."""
        rows = PartyBranch.objects.select_related("unit").filter(unit__in=self.request.user.units_for(perm))
        found = rows.active_on(timezone.localdate()).filter(pk=pk).first()
        if found is None:
            raise Refused(_("没有这个支部，或者不在你能办的范围内"), field="unit")
        return found


def _made_by(noun: str, asked: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """The actions of a kind of record by the code of the move alone."""
    return {move: actions.MAKE[f"{noun}.{move}"] for move in asked}


@with_moves
@extend_schema_view(
    update=extend_schema(request=MeetingChange, responses=MeetingDetailSerializer),
    partial_update=extend_schema(request=MeetingChange(partial=True), responses=MeetingDetailSerializer),
)
class MeetingViewSet(Records):
    """Meetings of the caller's units, and those he was due at."""

    queryset = Meeting.objects.all()
    pagination_class = StartPages
    serializer_class, whole, asked = MeetingSerializer, MeetingDetailSerializer, forms.MEETING_FORMS
    make, noun = _made_by("meeting", forms.MEETING_FORMS), "meeting"

    @extend_schema(request=MeetingInput, responses={201: MeetingDetailSerializer})
    def create(self, request: Request) -> Response:
        """Write down a meeting, or plan one; sending the same id again answers with the record of the first time."""
        given = MeetingInput(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data
        branch = self.branch(sent["unit"], RECORD_PERM)
        form = forms.MeetingForm(forms.typed(sent), branch=branch, user=request.user, start={"day": sent["day"]})
        _refuse_rows(form)
        act = actions.plan_meeting if sent.get("plan") else actions.record_meeting
        made = act(by=request.user, sheet=form.sheet(), now=timezone.now(), meeting_id=sent["id"])
        return self.answer(made, status.HTTP_201_CREATED)

    def update(self, request: Request, pk: Any = None, *, partial: bool = False) -> Response:
        """Change a meeting that is planned, announced or waiting to be confirmed: it becomes what is sent."""
        meeting = get_visible(request, Meeting.objects.select_related("unit"), pk, RECORD_PERM)
        given = MeetingChange(data=request.data, partial=partial)
        given.is_valid(raise_exception=True)
        now = timezone.now()
        workflow.check(meeting, EDIT, request.user, now)
        start = forms.written(meeting)
        sent = {**(forms.sent_of(start) if partial else {}), **given.validated_data}
        if "version" not in sent:
            raise Refused(_("写明读到的版本号"), field="version")
        branch = PartyBranch.objects.select_related("unit").get(pk=meeting.unit_id)
        kept = {"id": meeting.pk, "photos": start["photos"]}
        form = forms.MeetingForm(
            forms.typed({**sent, **kept}), branch=branch, user=request.user, meeting=meeting, start=start
        )
        _refuse_rows(form)
        made = actions.edit_meeting(
            by=request.user, meeting=meeting, sheet=form.sheet(), version=sent["version"], now=now
        )
        return self.answer(made)

    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change only what is named of a meeting that is not confirmed yet."""
        return self.update(request, pk, partial=True)


def _refuse_rows(form: forms.MeetingForm) -> None:
    """Refuse with the first thing that is wrong in the form or in one of its rows."""
    if not form.is_valid():
        if form.errors:
            refuse_invalid(form)
        raise Refused(next(iter(form.problems), ""))


@with_moves
class DecisionViewSet(Records):
    """What meetings decided: of the caller's units, and his own to carry out. They are made with their meeting."""

    queryset = Decision.objects.all()
    pagination_class = DuePages
    serializer_class, whole, asked = DecisionSerializer, DecisionDetailSerializer, forms.DECISION_FORMS
    make, noun = _made_by("decision", forms.DECISION_FORMS), "decision"


@with_moves
class WaiverViewSet(Records):
    queryset = Waiver.objects.all()
    serializer_class, whole, asked = WaiverSerializer, WaiverDetailSerializer, forms.WAIVER_FORMS
    make, noun = _made_by("waiver", forms.WAIVER_FORMS), "waiver"

    @extend_schema(request=WaiverInput, responses={201: WaiverDetailSerializer})
    def create(self, request: Request) -> Response:
        """Ask that one requirement be waived for one period."""
        given = WaiverInput(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data
        branch = self.branch(sent["unit"], "meetings.ask_waiver")
        made = actions.ask_waiver(
            by=request.user,
            unit=branch.unit,
            requirement=sent["requirement"],
            period=sent["period"],
            reason=clean_text(sent["reason"]),
            now=timezone.now(),
            waiver_id=sent["id"],
        )
        return self.answer(made, status.HTTP_201_CREATED)


@with_moves
class LeaveViewSet(Records):
    """Leave asked in the caller's units, and his own."""

    queryset = Leave.objects.all()
    serializer_class, whole, asked = LeaveSerializer, LeaveDetailSerializer, forms.LEAVE_FORMS
    make, noun = _made_by("leave", forms.LEAVE_FORMS), "leave"

    @extend_schema(request=LeaveInput, responses={201: LeaveDetailSerializer})
    def create(self, request: Request) -> Response:
        """Ask to be excused from a meeting."""
        given = LeaveInput(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data
        meeting = Meeting.objects.visible_to(request.user).filter(pk=sent["meeting"]).first()
        if meeting is None:
            raise Refused(_("没有这次会议，或者不在你的查看范围内"), field="meeting")
        who = Person.objects.filter(pk=sent.get("person", request.user.pk), attendances__meeting=meeting).first()
        if who is None:
            raise Refused(_("不在这次会议的应到名单里"), field="person")
        made = actions.file_leave(
            by=request.user,
            meeting=meeting,
            person=who,
            kind=sent["leave_kind"],
            reason=sent["reason"],
            now=timezone.now(),
            leave_id=sent["id"],
        )
        return self.answer(made, status.HTTP_201_CREATED)


router = SimpleRouter()
router.register("meetings", MeetingViewSet)
router.register("decisions", DecisionViewSet)
router.register("waivers", WaiverViewSet)
router.register("leaves", LeaveViewSet)
