"""/api/v1/assignments/: the same actions and forms as the pages."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from brigade.api import MoveSerializer, RecordViewSet, WithMoves, with_moves
from brigade.assignments import actions, queries
from brigade.assignments.forms import FORMS, HandOutForm
from brigade.assignments.models import Assignment
from brigade.assignments.rules import HAND_OUT
from brigade.assignments.states import LineKind
from brigade.kit.api import Pages, refuse_invalid
from brigade.kit.refusals import NotAllowed, Refused


class ThreadLineSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=LineKind.choices)
    text = serializers.CharField()
    by = serializers.CharField(source="by.name")
    at = serializers.DateTimeField()


class AssignmentSerializer(serializers.ModelSerializer):
    kind = serializers.SerializerMethodField()

    class Meta:
        model = Assignment
        fields = (
            "id", "kind", "number", "title", "unit", "post", "state", "version", "batch", "giver_unit", "giver_post",
            "created_by", "created_at", "text", "needs_reply", "due_on", "first_due_on", "asked_due_on", "replied_at",
            "closed_at", "source_kind", "source_id", "source_text",
        )  # fmt: skip

    def get_kind(self, record: Assignment) -> str:
        return record.kind()


class AssignmentDetailSerializer(WithMoves, AssignmentSerializer):
    thread = serializers.SerializerMethodField()

    class Meta(AssignmentSerializer.Meta):
        fields = (*AssignmentSerializer.Meta.fields, "thread", "available_moves")

    @extend_schema(responses=ThreadLineSerializer(many=True))
    def get_thread(self, record: Assignment) -> list[dict[str, Any]]:
        return ThreadLineSerializer(queries.thread(record), many=True).data


class AddresseeSerializer(serializers.Serializer):
    unit = serializers.IntegerField(min_value=1, max_value=2**31)
    post = serializers.CharField(max_length=20, help_text="a role, e.g. squadron_leader")


class HandOutSerializer(serializers.Serializer):
    """`id` is minted by the caller and names the batch; a record that it is about is named by kind and id."""

    id = serializers.UUIDField()
    title = serializers.CharField(max_length=120)
    to = AddresseeSerializer(many=True)
    due_on = serializers.DateField()
    text = serializers.CharField(max_length=500, required=False, allow_blank=True)
    needs_reply = serializers.BooleanField(default=True)
    source_kind = serializers.CharField(max_length=48, required=False, allow_blank=True)
    source_id = serializers.CharField(max_length=36, required=False, allow_blank=True)


class AssignmentMoveSerializer(MoveSerializer):
    """What the moves of a task ask for; each reads its own and leaves the rest."""

    text = serializers.CharField(required=False, allow_blank=True)
    reason = serializers.CharField(required=False, allow_blank=True)
    due_on = serializers.DateField(required=False)


class AssignmentPages(Pages):
    ordering = ("-due_on", "-id")


@with_moves
class AssignmentViewSet(RecordViewSet):
    """Tasks in the caller's scope; writing goes through the same actions as the pages."""

    queryset = Assignment.objects.select_related("unit", "giver_unit", "created_by")
    pagination_class = AssignmentPages
    serializer_class = AssignmentSerializer
    whole, sent, asked = AssignmentDetailSerializer, AssignmentMoveSerializer, FORMS
    make, noun = actions.MAKE, "assignment"

    @extend_schema(request=HandOutSerializer, responses={201: AssignmentSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Hand a task out: one record for each addressee; the same id again answers with those of the first time."""
        given = HandOutSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data, now = given.validated_data, timezone.now()
        if not request.user.has_perm(HAND_OUT):
            raise NotAllowed(_("“交办”给领导和内勤用。"))
        source = None
        if kind := data.get("source_kind"):
            source = queries.source_of_record(request.user, kind, data.get("source_id", ""))
            if source is None:
                raise Refused(_("没有这条记录，或者不在你的查看范围内。"), field="source_id")
        typed = {name: data[name] for name in ("id", "title", "text", "due_on") if name in data}
        typed |= {"to": [f"{one['unit']}:{one['post']}" for one in data["to"]]}
        typed |= {"needs_reply": "on"} if data["needs_reply"] else {}
        form = HandOutForm(typed, user=request.user, now=now)
        refuse_invalid(form)
        made = actions.hand_out(by=request.user, now=now, source=source, **form.arguments())
        return Response(AssignmentSerializer(made, many=True).data, status=status.HTTP_201_CREATED)


router = SimpleRouter()
router.register("assignments", AssignmentViewSet)
