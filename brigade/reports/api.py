"""/api/v1/reports/: what was reported, and the same moves as on the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from brigade import workflow
from brigade.kit.api import AvailableMoveSerializer, Pages, refuse_invalid
from brigade.kit.web import get_visible
from brigade.reports import actions
from brigade.reports.forms import FORMS
from brigade.reports.models import Report


class ReportSerializer(serializers.ModelSerializer):
    kind = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = (
            "id", "kind", "number", "title", "unit", "state", "version", "series", "period", "starts_on", "ends_on",
            "edition", "cut_off_at", "formula", "reason", "sentence", "created_at", "confirmed_at", "confirmed_by",
        )  # fmt: skip

    def get_kind(self, record: Report) -> str:
        return record.kind()


class ReportDetailSerializer(ReportSerializer):
    content = serializers.JSONField(source="snapshot.content", help_text="what the report says, as it was made")
    digest = serializers.CharField(source="snapshot.digest", help_text="SM3 of the content as canonical JSON")
    available_moves = serializers.SerializerMethodField()

    class Meta(ReportSerializer.Meta):
        fields = (*ReportSerializer.Meta.fields, "content", "digest", "available_moves")

    @extend_schema(responses=AvailableMoveSerializer(many=True))
    def get_available_moves(self, record: Report) -> list[dict[str, Any]]:
        options = workflow.moves_for(record, self.context["request"].user, timezone.now())
        return AvailableMoveSerializer(options, many=True).data


class ReportMoveSerializer(serializers.Serializer):
    """What the moves ask for; each reads its own and leaves the rest."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    sentence = serializers.CharField(required=False, allow_blank=True)
    reason = serializers.CharField(required=False, allow_blank=True)


class ReportPages(Pages):
    ordering = ("-ends_on", "-id")


class ReportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Reports in the caller's scope. The clock makes them; writing goes through the same actions as the pages."""

    queryset = Report.objects.select_related("unit", "snapshot")
    pagination_class = ReportPages
    serializer_class = ReportSerializer
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Report]:
        rows = super().get_queryset().visible_to(self.request.user)
        return rows.select_related(None) if self.action == "list" else rows

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return ReportDetailSerializer if self.action == "retrieve" else ReportSerializer

    @extend_schema(
        request=ReportMoveSerializer,
        responses=ReportDetailSerializer,
        parameters=[OpenApiParameter("move", str, OpenApiParameter.PATH, enum=sorted(FORMS))],
    )
    @action(detail=True, methods=["post"], url_path=r"moves/(?P<move>[a-z_]+)")
    def moves(self, request: Request, pk: Any = None, move: str = "") -> Response:
        """Make a move of this report; `rebuild` answers with the new edition."""
        record = self.get_object()
        if move not in FORMS:
            raise Http404(_("没有这一步。"))
        given = ReportMoveSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        form = FORMS[move]({name: str(value) for name, value in given.validated_data.items()}, record=record)
        workflow.check(record, workflow.MOVES[f"{record.kind()}.{move}"], request.user, timezone.now())
        refuse_invalid(form)
        made = actions.MAKE[move](by=request.user, report=record, now=timezone.now(), **form.arguments())
        fresh = get_visible(self.request, self.queryset, made.pk)
        return Response(ReportDetailSerializer(fresh, context=self.get_serializer_context()).data)


router = SimpleRouter()
router.register("reports", ReportViewSet)
