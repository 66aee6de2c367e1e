"""/api/v1/reports/: what was reported, and the same moves as on the pages."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.routers import SimpleRouter

from brigade.api import MoveSerializer, RecordViewSet, WithMoves, with_moves
from brigade.kit.api import Pages
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


class ReportDetailSerializer(WithMoves, ReportSerializer):
    content = serializers.JSONField(source="snapshot.content", help_text="what the report says, as it was made")
    digest = serializers.CharField(source="snapshot.digest", help_text="SM3 of the content as canonical JSON")

    class Meta(ReportSerializer.Meta):
        fields = (*ReportSerializer.Meta.fields, "content", "digest", "available_moves")


class ReportMoveSerializer(MoveSerializer):
    """What the moves of a report ask for; each reads its own and leaves the rest. `rebuild` answers with the new
    edition."""

    sentence = serializers.CharField(required=False, allow_blank=True)
    reason = serializers.CharField(required=False, allow_blank=True)


class ReportPages(Pages):
    ordering = ("-ends_on", "-id")


@with_moves
class ReportViewSet(RecordViewSet):
    """Reports in the caller's scope. The clock makes them; writing goes through the same actions as the pages."""

    queryset = Report.objects.select_related("unit", "snapshot")
    pagination_class = ReportPages
    serializer_class = ReportSerializer
    whole, sent, asked = ReportDetailSerializer, ReportMoveSerializer, FORMS
    make, noun = actions.MAKE, "report"

    def get_queryset(self) -> QuerySet[Report]:
        rows = super().get_queryset()
        return rows.select_related(None) if self.action == "list" else rows


router = SimpleRouter()
router.register("reports", ReportViewSet)
