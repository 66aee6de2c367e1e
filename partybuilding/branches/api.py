"""/api/v1/transfers/: the same forms and actions as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from brigade import workflow
from brigade.kit.api import AvailableMoveSerializer, Pages, refuse_invalid
from brigade.kit.refusals import Refused
from brigade.kit.web import get_visible
from partybuilding.branches import actions, queries
from partybuilding.branches.forms import TRANSFER_FORMS, TransferForm
from partybuilding.branches.models import PartyMember, Transfer
from partybuilding.branches.moves import ISSUE_PERM

KEY: dict[str, Any] = {"min_value": 1, "max_value": 2**31}


class TransferSerializer(serializers.ModelSerializer):
    kind = serializers.SerializerMethodField()

    class Meta:
        model = Transfer
        fields = (
            "id", "kind", "number", "title", "unit", "state", "version", "created_at", "created_by", "member",
            "to_branch", "to_outside", "letter_no", "issued_on", "accepted_on", "answer",
        )  # fmt: skip

    def get_kind(self, record: Transfer) -> str:
        return record.kind()


class TransferDetailSerializer(TransferSerializer):
    available_moves = serializers.SerializerMethodField()

    class Meta(TransferSerializer.Meta):
        fields = (*TransferSerializer.Meta.fields, "available_moves")

    @extend_schema(responses=AvailableMoveSerializer(many=True))
    def get_available_moves(self, record: Transfer) -> list[dict[str, Any]]:
        options = workflow.moves_for(record, self.context["request"].user, timezone.now())
        return AvailableMoveSerializer(options, many=True).data


class TransferInput(serializers.Serializer):
    """A letter to a branch of the brigade, or to an organisation elsewhere."""

    id = serializers.UUIDField()
    member = serializers.IntegerField(**KEY)
    to_branch = serializers.IntegerField(required=False, **KEY)
    to_outside = serializers.CharField(required=False, allow_blank=True)
    letter_no = serializers.CharField()
    issued_on = serializers.DateField()


class TransferMoveInput(serializers.Serializer):
    """What the moves ask for; each reads its own and leaves the rest."""

    version = serializers.IntegerField(required=False, **KEY)
    accepted_on = serializers.DateField(required=False)
    group = serializers.IntegerField(required=False, **KEY)
    reason = serializers.CharField(required=False, allow_blank=True)


class TransferPages(Pages):
    ordering = ("-issued_on", "-id")


class TransferViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Letters that leave or reach the caller's branches, and his own."""

    queryset = Transfer.objects.select_related("unit", "to_branch__unit", "member__person")
    pagination_class = TransferPages
    serializer_class = TransferSerializer
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Transfer]:
        return super().get_queryset().visible_to(self.request.user)

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return TransferDetailSerializer if self.action == "retrieve" else TransferSerializer

    @extend_schema(request=TransferInput, responses={201: TransferDetailSerializer})
    def create(self, request: Request) -> Response:
        """Write a letter for a member; sending the same id again answers with the record of the first time."""
        given = TransferInput(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data
        member = PartyMember.objects.visible_to(request.user).filter(pk=sent["member"]).first()
        current = member and queries.membership_of(member, timezone.localdate())
        if member is None or current is None or not request.user.has_perm(ISSUE_PERM, current.branch):
            raise Refused(_("没有这名党员，或者不在你能办的范围内"), field="member")
        form = TransferForm(sent, member=member)
        refuse_invalid(form)
        made = actions.issue_transfer(
            by=request.user, member=member, now=timezone.now(), transfer_id=sent["id"], **form.cleaned_data
        )
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(
        request=TransferMoveInput,
        responses=TransferDetailSerializer,
        parameters=[OpenApiParameter("move", str, OpenApiParameter.PATH, enum=sorted(TRANSFER_FORMS))],
    )
    @action(detail=True, methods=["post"], url_path=r"moves/(?P<move>[a-z_]+)")
    def moves(self, request: Request, pk: Any = None, move: str = "") -> Response:
        """Make a move of this letter; its `available_moves` say which, and what is missing."""
        record = self.get_object()
        if move not in TRANSFER_FORMS:
            raise Http404(_("没有这一步。"))
        given = TransferMoveInput(data=request.data)
        given.is_valid(raise_exception=True)
        now = timezone.now()
        workflow.check(record, workflow.MOVES[f"{record.kind()}.{move}"], request.user, now)
        form = TRANSFER_FORMS[move](given.validated_data, record=record)
        refuse_invalid(form)
        made = actions.MAKE[f"transfer.{move}"](by=request.user, now=now, transfer=record, **form.arguments())
        return self._answer(made, status.HTTP_200_OK)

    def _answer(self, made: Transfer, code: int) -> Response:
        fresh = get_visible(self.request, self.queryset, made.pk)
        return Response(TransferDetailSerializer(fresh, context=self.get_serializer_context()).data, status=code)


router = SimpleRouter()
router.register("transfers", TransferViewSet)
