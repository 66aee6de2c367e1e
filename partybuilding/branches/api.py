"""/api/v1/transfers/: the same forms and actions as the pages."""

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
from brigade.kit.api import Pages, refuse_invalid
from brigade.kit.refusals import Refused
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


class TransferDetailSerializer(WithMoves, TransferSerializer):
    class Meta(TransferSerializer.Meta):
        fields = (*TransferSerializer.Meta.fields, "available_moves")


class TransferInput(serializers.Serializer):
    """A letter to a branch of the brigade, or to an organisation elsewhere."""

    id = serializers.UUIDField()
    member = serializers.IntegerField(**KEY)
    to_branch = serializers.IntegerField(required=False, **KEY)
    to_outside = serializers.CharField(required=False, allow_blank=True)
    letter_no = serializers.CharField()
    issued_on = serializers.DateField()


class TransferMoveInput(MoveSerializer):
    """What the moves of a letter ask for; each reads its own and leaves the rest."""

    accepted_on = serializers.DateField(required=False)
    group = serializers.IntegerField(required=False, **KEY)
    reason = serializers.CharField(required=False, allow_blank=True)


class TransferPages(Pages):
    ordering = ("-issued_on", "-id")


@with_moves
class TransferViewSet(RecordViewSet):
    """Letters that leave or reach the caller's branches, and his own."""

    queryset = Transfer.objects.select_related("unit", "to_branch__unit", "member__person")
    pagination_class = TransferPages
    serializer_class = TransferSerializer
    whole, sent, asked = TransferDetailSerializer, TransferMoveInput, TRANSFER_FORMS
    make, noun = {move: actions.MAKE[f"transfer.{move}"] for move in TRANSFER_FORMS}, "transfer"

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
        return self.answer(made, status.HTTP_201_CREATED)


router = SimpleRouter()
router.register("transfers", TransferViewSet)
