"""What the endpoints of all records share: rows in scope, and moves that go through the same actions as the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from brigade import workflow
from brigade.kit.api import AvailableMoveSerializer, refuse_invalid
from brigade.org.models import Record


# No docstring: the interface would show it as the description of every serializer that takes this in.
class WithMoves(serializers.Serializer):
    available_moves = serializers.SerializerMethodField()

    @extend_schema(responses=AvailableMoveSerializer(many=True))
    def get_available_moves(self, record: Record) -> list[dict[str, Any]]:
        options = workflow.moves_for(record, self.context["request"].user, timezone.now())
        return AvailableMoveSerializer(options, many=True).data


class MoveSerializer(serializers.Serializer):
    """What the moves of a record ask for; each reads its own and leaves the rest.

    `version` is the one that was read: whoever moves what another has changed since then is refused.
    """

    version = serializers.IntegerField(min_value=1, max_value=2**31)

    def typed(self) -> dict[str, Any]:
        """The fields of the form that the page would have sent."""
        return {name: value for name, value in self.validated_data.items() if value is not None}


class RecordViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Records in the caller's scope; writing goes through the same actions as the pages.

    `whole` shows one record alone, `sent` reads what its moves ask for, `asked` are the moves with their forms, `make`
    their actions, which take the record by the name `noun`.
    """

    lookup_value_converter = "uuid"
    whole: type[serializers.BaseSerializer]
    sent: type[MoveSerializer]
    asked: Mapping[str, Any]
    make: Mapping[str, Callable[..., Record]]
    noun: str

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().visible_to(self.request.user)

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return self.whole if self.action == "retrieve" else super().get_serializer_class()

    @action(detail=True, methods=["post"], url_path=r"moves/(?P<move>[a-z_]+)")
    def moves(self, request: Request, pk: Any = None, move: str = "") -> Response:
        """Make a move of this record; its `available_moves` say which, and what is missing."""
        record, now = self.get_object(), timezone.now()
        if move not in self.asked:
            raise Http404(_("没有这一步。"))
        given = self.sent(data=request.data)
        given.is_valid(raise_exception=True)
        workflow.check(record, workflow.MOVES[f"{record.kind()}.{move}"], request.user, now)
        arguments = self.arguments(record, move, given)
        made = self.make[move](by=request.user, now=now, **{self.noun: record}, **arguments)
        return self.answer(made)

    def arguments(self, record: Any, move: str, given: Any) -> dict[str, Any]:
        """What the action of a move is called with, by the form of the page."""
        form = self.asked[move](given.typed(), record=record)
        refuse_invalid(form)
        return form.arguments()

    def answer(self, made: Record, code: int = status.HTTP_200_OK) -> Response:
        """The record as the caller sees it now; nothing (204) where what was done took it out of his sight."""
        fresh = self.get_queryset().filter(pk=made.pk).first()
        if fresh is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(self.whole(fresh, context=self.get_serializer_context()).data, status=code)


def with_moves(endpoint: type[RecordViewSet]) -> type[RecordViewSet]:
    """Describe the moves of an endpoint: which there are, what they read, what they answer."""
    names = OpenApiParameter("move", str, OpenApiParameter.PATH, enum=sorted(endpoint.asked))
    answers = {200: endpoint.whole, 204: None}
    return extend_schema_view(moves=extend_schema(request=endpoint.sent, responses=answers, parameters=[names]))(
        endpoint
    )
