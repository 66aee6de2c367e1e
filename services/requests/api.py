"""/api/v1/requests/ and /api/v1/service-items/: the same actions and forms as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from brigade import workflow
from brigade.api import MoveSerializer, RecordViewSet, WithMoves, with_moves
from brigade.kit.api import MomentField, Pages, refuse_invalid
from services.requests import actions, moves
from services.requests.forms import FORMS, DeskForm
from services.requests.models import MaterialItem, ServiceItem, ServiceRequest
from services.requests.states import Ending, IdKind, MaterialStatus, NoticeChannel


class MaterialItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = MaterialItem
        fields = ("id", "order", "name", "kind", "when", "exempt_if_networked")


class ServiceItemSerializer(serializers.ModelSerializer):
    materials = MaterialItemSerializer(many=True)

    class Meta:
        model = ServiceItem
        fields = (
            "id", "code", "version", "name", "category", "statutory_days", "promised_days", "day_kind", "legal_basis",
            "verified", "is_licence", "needs_reviewer", "effective_from", "effective_to", "materials",
        )  # fmt: skip


class RequestSerializer(serializers.ModelSerializer):
    """A request as lists show it: of identity number and phone only the tails."""

    kind = serializers.SerializerMethodField()
    item = serializers.CharField(source="item.code")

    class Meta:
        model = ServiceRequest
        fields = (
            "id", "kind", "number", "title", "unit", "item", "state", "version", "handler", "received_at", "round",
            "answer_due_at", "lapses_at", "accepted_at", "is_deemed", "statutory_due_at", "promised_due_at",
            "is_provisional", "suspended_workdays", "proposal", "outcome", "outcome_reason", "completed_at",
            "delivered_at", "delivery_kind", "external_no", "citizen_name", "id_no_tail", "phone_tail",
            "is_out_of_province",
        )  # fmt: skip

    def get_kind(self, record: ServiceRequest) -> str:
        return record.kind()


class PaperSerializer(serializers.Serializer):
    material = serializers.IntegerField(source="material_id")
    name = serializers.CharField(source="material.name")
    status = serializers.ChoiceField(choices=MaterialStatus.choices)
    note = serializers.CharField()


class RequestDetailSerializer(WithMoves, RequestSerializer):
    materials = PaperSerializer(source="papers", many=True)

    class Meta(RequestSerializer.Meta):
        fields = (*RequestSerializer.Meta.fields, "materials", "available_moves")


class MarksSerializer(serializers.Serializer):
    """Material id → how it stands."""

    materials = serializers.DictField(child=serializers.ChoiceField(choices=MaterialStatus.choices), required=False)

    def flat(self) -> dict[str, Any]:
        """The fields of the form that the page would have sent."""
        values = {name: str(value) for name, value in self.validated_data.items() if name != "materials"}
        given = self.validated_data.get("materials", {})
        return values | {f"material-{pk}": mark for pk, mark in given.items()}


class TakeInSerializer(MarksSerializer):
    id = serializers.UUIDField()
    unit = serializers.IntegerField(min_value=1, max_value=2**31)
    item = serializers.CharField(max_length=8, help_text="code of a service, e.g. PL02")
    ending = serializers.ChoiceField(choices=Ending.choices)
    external_no = serializers.CharField(required=False, allow_blank=True)
    received_at = MomentField(required=False)
    tolerated_due_on = serializers.DateField(required=False)
    channel = serializers.ChoiceField(choices=NoticeChannel.choices, required=False)
    citizen_name = serializers.CharField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True)
    id_kind = serializers.ChoiceField(choices=IdKind.choices, required=False)
    id_no = serializers.CharField(required=False, allow_blank=True)
    is_out_of_province = serializers.BooleanField(required=False)


class RequestMoveSerializer(MarksSerializer, MoveSerializer):
    """What the moves of a request ask for; each reads its own and leaves the rest."""

    reason = serializers.CharField(required=False, allow_blank=True)
    proposal = serializers.CharField(required=False)
    remedy = serializers.CharField(required=False, allow_blank=True)
    outcome = serializers.CharField(required=False)
    external_no = serializers.CharField(required=False, allow_blank=True)
    channel = serializers.CharField(required=False)
    reason_code = serializers.CharField(required=False)
    told_by = serializers.CharField(required=False, allow_blank=True)
    note = serializers.CharField(required=False, allow_blank=True)
    delivery_kind = serializers.CharField(required=False)
    delivery_note = serializers.CharField(required=False, allow_blank=True)
    is_signed = serializers.BooleanField(required=False)
    tolerated_due_on = serializers.DateField(required=False)
    to = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    citizen_name = serializers.CharField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True)
    id_kind = serializers.ChoiceField(choices=IdKind.choices, required=False)
    id_no = serializers.CharField(required=False, allow_blank=True)


class ChangeSerializer(serializers.Serializer):
    """What may be filled in later: the number of the national platform, and who the request is for."""

    version = serializers.IntegerField(min_value=1, max_value=2**31)
    external_no = serializers.CharField(required=False, allow_blank=True)
    citizen_name = serializers.CharField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True)
    id_kind = serializers.ChoiceField(choices=IdKind.choices, required=False)
    id_no = serializers.CharField(required=False, allow_blank=True)
    is_out_of_province = serializers.BooleanField(required=False)


class RequestPages(Pages):
    ordering = ("-received_at", "-id")


@with_moves
class RequestViewSet(RecordViewSet):
    """Requests in the caller's scope; writing goes through the same actions as the desk and the record page."""

    queryset = ServiceRequest.objects.select_related("unit", "item")
    pagination_class = RequestPages
    serializer_class = RequestSerializer
    whole, sent, asked = RequestDetailSerializer, RequestMoveSerializer, FORMS
    make, noun = actions.MAKE, "request"

    @extend_schema(request=TakeInSerializer, responses={201: RequestDetailSerializer})
    def create(self, request: Request) -> Response:
        """One turn at the desk; sending the same id again answers with the record of the first time."""
        given = TakeInSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        now = timezone.now()
        item = ServiceItem.objects.on(timezone.localdate(now)).filter(code=given.validated_data["item"].upper())
        form = DeskForm(
            {**given.flat(), "item": item.values_list("pk", flat=True).first() or ""}, user=request.user, now=now
        )
        refuse_invalid(form)
        made = actions.take_in(by=request.user, now=now, **form.arguments())
        return self.answer(made, status.HTTP_201_CREATED)

    @extend_schema(request=ChangeSerializer, responses=RequestDetailSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Fill in what was not known before; `version` is the one that was read, and what is not named stays."""
        record, now = self.get_object(), timezone.now()
        given = ChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        workflow.check(record, moves.AMEND, request.user, now)
        form = FORMS["amend"]({}, record=record)
        typed = {name: value for name, value in (form.initial | given.validated_data).items() if value is not False}
        form = FORMS["amend"](typed, record=record)
        refuse_invalid(form)
        made = actions.amend(by=request.user, request=record, now=now, **form.arguments())
        return self.answer(made)

    def arguments(self, record: ServiceRequest, move: str, given: RequestMoveSerializer) -> dict[str, Any]:
        """A material that is not named stays as it was marked."""
        standing = {f"material-{paper.material_id}": paper.status for paper in record.papers}
        form = FORMS[move]({**standing, **given.flat()}, record=record)
        refuse_invalid(form)
        return form.arguments()


class ItemPages(Pages):
    page_size = 100
    ordering = ("code", "id")


class ServiceItemViewSet(viewsets.ReadOnlyModelViewSet):
    """The catalogue as it is valid today."""

    queryset = ServiceItem.objects.prefetch_related("materials")
    pagination_class = ItemPages
    serializer_class = ServiceItemSerializer
    lookup_field = "code"
    lookup_value_regex = "[A-Za-z0-9]{1,8}"

    def get_queryset(self) -> QuerySet[ServiceItem]:
        return super().get_queryset().visible_to(self.request.user).on(timezone.localdate())


router = SimpleRouter()
router.register("requests", RequestViewSet)
router.register("service-items", ServiceItemViewSet)
