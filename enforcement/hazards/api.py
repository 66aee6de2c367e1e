"""/api/v1/hazards/ and /api/v1/hazard-categories/: the same actions as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from brigade import workflow
from brigade.api import MoveSerializer, RecordViewSet, WithMoves, with_moves
from brigade.kit.api import FiniteField, MomentField, Pages
from brigade.kit.geo import Point
from brigade.kit.web import get_visible
from brigade.org.models import Person, Unit
from brigade.org.states import Tree
from brigade.reference.models import Road, Town, Village
from enforcement.hazards import actions, moves
from enforcement.hazards.actions import Picture
from enforcement.hazards.models import Category, Defect, Hazard, HazardDocument, HazardPhoto
from enforcement.hazards.queries import Sight, is_owners, sight_of
from enforcement.hazards.rules import Place
from enforcement.hazards.states import CoordSystem, Direction, GeoSource, ListingLevel, NoFix, Source, Visibility

OUTSIDE = Unit.objects.filter(tree=Tree.OUTSIDE)
LINE = Unit.objects.filter(tree=Tree.LINE)
PEOPLE = Person.objects.filter(is_active=True)


UNTOLD = ("source", "reporter_count", "dup_of")
"""Who reported it is no business of its owner."""


class CategorySerializer(serializers.ModelSerializer):
    defects = serializers.SlugRelatedField(slug_field="code", many=True, read_only=True)

    class Meta:
        model = Category
        fields = (
            "id", "code", "name", "default_grade", "default_owner_type", "term", "radius_m", "standard_ref", "source",
            "verified", "defects",
        )  # fmt: skip


class HazardSerializer(serializers.ModelSerializer):
    """A hazard as lists show it; what its owner is not told is null for him."""

    kind = serializers.SerializerMethodField()
    category = serializers.CharField(source="category.code")
    road = serializers.CharField(source="road.code", allow_null=True, default=None)
    source = serializers.ChoiceField(choices=Source.choices, allow_null=True, read_only=True)
    reporter_count = serializers.IntegerField(allow_null=True, read_only=True)
    is_overdue = serializers.SerializerMethodField()

    class Meta:
        model = Hazard
        fields = (
            "id", "kind", "number", "title", "unit", "state", "version", "source", "category", "grade", "is_key",
            "road", "stake_start_m", "stake_end_m", "direction", "lat", "lon", "coord_sys", "geo_source", "acc_m",
            "town", "village", "place", "is_intersection", "owner", "discovered_at", "registered_at", "graded_at",
            "notified_at", "delivered_at", "accepted_at", "due_at", "submitted_at", "closed_at", "disputed_at",
            "review_on", "dup_of", "reporter_count", "return_count", "reopen_count", "visibility", "is_overdue",
        )  # fmt: skip

    def get_kind(self, record: Hazard) -> str:
        return record.kind()

    def get_is_overdue(self, record: Hazard) -> bool:
        return record.is_overdue(timezone.now())

    def to_representation(self, record: Hazard) -> dict[str, Any]:
        shown = super().to_representation(record)
        if is_owners(self.context["request"].user, record):
            shown |= dict.fromkeys(UNTOLD)
        return shown


class PhotoSerializer(serializers.ModelSerializer):
    sha256 = serializers.CharField(source="file.sha256")

    class Meta:
        model = HazardPhoto
        fields = ("kind", "taken_at", "note", "file", "sha256")


class DocumentSerializer(serializers.ModelSerializer):
    class Meta:
        model = HazardDocument
        fields = ("kind", "number", "issued_at", "step")


class HazardDetailSerializer(WithMoves, HazardSerializer):
    """A hazard as its reader sees it: an owner gets what was sent to him."""

    photos = serializers.SerializerMethodField()
    documents = serializers.SerializerMethodField()
    register_note = serializers.SerializerMethodField()

    class Meta(HazardSerializer.Meta):
        fields = (
            *HazardSerializer.Meta.fields,
            "description", "suggestion", "register_note", "interim_measures", "plan_measures", "plan_funds",
            "plan_person", "plan_due_on", "plan_emergency", "completion_note", "completed_on", "dispute_reason",
            "photos", "documents", "available_moves",
        )  # fmt: skip

    def _sight(self, record: Hazard) -> Sight:
        return sight_of(self.context["request"].user, record)

    @extend_schema_field(PhotoSerializer(many=True))
    def get_photos(self, record: Hazard) -> Any:
        return PhotoSerializer(self._sight(record).photos(), many=True).data

    @extend_schema_field(DocumentSerializer(many=True))
    def get_documents(self, record: Hazard) -> Any:
        return DocumentSerializer(self._sight(record).papers(), many=True).data

    def get_register_note(self, record: Hazard) -> str:
        return "" if self._sight(record).is_owner else record.register_note


# What is sent


class PictureSerializer(serializers.Serializer):
    """A photo that the caller has uploaded."""

    file = serializers.UUIDField()
    taken_at = MomentField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=80)


class PlaceSerializer(serializers.Serializer):
    """Road and stakes, or a pair of coordinates with their system, or both."""

    road = serializers.SlugRelatedField(slug_field="code", queryset=Road.objects.all(), required=False, allow_null=True)
    stake_start = serializers.CharField(required=False, allow_blank=True, max_length=20)
    stake_end = serializers.CharField(required=False, allow_blank=True, max_length=20)
    lat = FiniteField(required=False, allow_null=True, min_value=-180, max_value=180)
    lon = FiniteField(required=False, allow_null=True, min_value=-180, max_value=180)
    coord_sys = serializers.ChoiceField(choices=CoordSystem.choices, required=False)
    acc_m = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=100_000)
    geo_source = serializers.ChoiceField(choices=GeoSource.choices, required=False)
    is_datum_confirmed = serializers.BooleanField(required=False)


class Sent(serializers.Serializer):
    """What a request carries, as the arguments of its action."""

    def arguments(self) -> dict[str, Any]:
        given = dict(self.validated_data)
        if "photos" in given:
            given["photos"] = [
                Picture(row["file"], row["taken_at"], row.get("note", "")) for row in given.pop("photos")
            ]
        if "location" in given:
            given["place"] = Place(**given.pop("location"))
        return given


class WithPhotos(Sent):
    photos = PictureSerializer(many=True, required=False, max_length=20)


class Described(WithPhotos):
    title = serializers.CharField(required=False, allow_blank=True)
    description = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    suggestion = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    informant = serializers.CharField(required=False, allow_blank=True)
    where = serializers.CharField(required=False, allow_blank=True, help_text="in words")
    defect = serializers.SlugRelatedField(
        slug_field="code", queryset=Defect.objects.all(), required=False, allow_null=True
    )
    village = serializers.PrimaryKeyRelatedField(queryset=Village.objects.all(), required=False, allow_null=True)
    direction = serializers.ChoiceField(choices=Direction.choices, required=False)
    is_intersection = serializers.BooleanField(required=False)


class HazardReportSerializer(Described):
    id = serializers.UUIDField()
    unit = serializers.PrimaryKeyRelatedField(queryset=LINE, required=False)
    category = serializers.SlugRelatedField(slug_field="code", queryset=Category.objects.all())
    source = serializers.ChoiceField(choices=Source.choices)
    town = serializers.PrimaryKeyRelatedField(queryset=Town.objects.all())
    location = PlaceSerializer()
    discovered_at = MomentField(required=False)
    is_new = serializers.BooleanField(required=False, help_text="what lies near was looked at and is another")


class HazardChangeSerializer(Described):
    version = serializers.IntegerField(min_value=1, max_value=2**31)
    category = serializers.SlugRelatedField(slug_field="code", queryset=Category.objects.all(), required=False)
    source = serializers.ChoiceField(choices=Source.choices, required=False)
    town = serializers.PrimaryKeyRelatedField(queryset=Town.objects.all(), required=False)
    location = PlaceSerializer(required=False)
    is_key = serializers.BooleanField(required=False)
    key_reason = serializers.CharField(required=False, allow_blank=True)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)


class HazardMoveSerializer(WithPhotos, MoveSerializer):
    """What the moves of a hazard ask for; each reads its own (see READS) and leaves the rest."""

    reason = serializers.CharField(required=False, allow_blank=True)
    note = serializers.CharField(required=False, allow_blank=True)
    no_photo_reason = serializers.CharField(required=False, allow_blank=True)
    target = serializers.UUIDField(required=False)
    is_key = serializers.BooleanField(required=False)
    key_reason = serializers.CharField(required=False, allow_blank=True)
    second_grader = serializers.PrimaryKeyRelatedField(queryset=PEOPLE, required=False)
    expert_note = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    measures = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    owner = serializers.PrimaryKeyRelatedField(queryset=OUTSIDE, required=False)
    due_on = serializers.DateField(required=False)
    signed_by = serializers.PrimaryKeyRelatedField(queryset=PEOPLE, required=False)
    suggestion = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    signed_name = serializers.CharField(required=False, allow_blank=True)
    signed_at = MomentField(required=False)
    plan_measures = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    plan_funds = serializers.CharField(required=False, allow_blank=True)
    plan_person = serializers.CharField(required=False, allow_blank=True)
    plan_due_on = serializers.DateField(required=False)
    plan_emergency = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    cost_estimate = serializers.DecimalField(required=False, max_digits=12, decimal_places=2, min_value=0)
    cost_actual = serializers.DecimalField(required=False, max_digits=12, decimal_places=2, min_value=0)
    completed_on = serializers.DateField(required=False)
    days = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    answer = serializers.CharField(required=False, allow_blank=True)
    second = serializers.PrimaryKeyRelatedField(queryset=PEOPLE, required=False)
    checks = serializers.DictField(child=serializers.BooleanField(), required=False)
    lat = FiniteField(required=False, min_value=-90, max_value=90, help_text="where the verifiers stand")
    lon = FiniteField(required=False, min_value=-180, max_value=180)
    no_fix = serializers.ChoiceField(choices=NoFix.choices, required=False, allow_blank=True)
    document_no = serializers.CharField(required=False, allow_blank=True)
    review_on = serializers.DateField(required=False)
    level = serializers.ChoiceField(choices=ListingLevel.choices, required=False)
    leader = serializers.CharField(required=False, allow_blank=True)
    listed_on = serializers.DateField(required=False)
    is_public = serializers.BooleanField(required=False)
    crash_analysis = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    scheme = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    cost = serializers.DecimalField(required=False, max_digits=12, decimal_places=2, min_value=0)
    unit = serializers.PrimaryKeyRelatedField(queryset=LINE, required=False)


READS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "register": (("note",), ("photos", "no_photo_reason")),
    "invalidate": (("reason",), ()),
    "revive": (("reason",), ()),
    "merge": (("target",), ()),
    "grade": ((), ("is_key", "key_reason", "suggestion")),
    "grade_major": ((), ("second_grader", "expert_note", "is_key", "key_reason", "suggestion")),
    "control": (("measures",), ("photos",)),
    "notify": (("owner", "due_on", "signed_by"), ("suggestion",)),
    "accept": ((), ("signed_name", "signed_at")),
    "dispute": (("reason",), ()),
    "uphold": (("reason",), ()),
    "transfer": (("owner", "due_on", "signed_by", "reason"), ()),
    "start": (
        (),
        ("plan_measures", "plan_funds", "plan_person", "plan_due_on", "plan_emergency", "cost_estimate"),
    ),
    "progress": (("note",), ("photos",)),
    "submit": (("note", "completed_on"), ("photos", "cost_actual")),
    "verify": (("second", "checks"), ("photos", "here", "no_fix", "note")),
    "find_unmended": (("reason",), ("photos",)),
    "ask_extension": (("days", "reason"), ()),
    "grant_extension": ((), ("answer",)),
    "refuse_extension": (("reason",), ()),
    "defer": (("document_no", "review_on", "reason"), ()),
    "resume": ((), ()),
    "reopen": (("reason", "due_on"), ("photos",)),
    "recheck": (("note",), ()),
    "list": (("level", "document_no", "leader", "listed_on"), ("due_on", "is_public")),
    "delist": (("level", "document_no"), ()),
    "report_up": (("crash_analysis", "scheme", "signed_by"), ("cost",)),
    "reassign": (("unit",), ()),
}
"""Move → what it needs, and what it may have besides."""


class HazardPages(Pages):
    ordering = ("-discovered_at", "-id")


@with_moves
class HazardViewSet(RecordViewSet):
    """Hazards in the caller's scope; writing goes through the same actions as the pages."""

    queryset = Hazard.objects.select_related("unit", "category", "road", "town")
    pagination_class = HazardPages
    serializer_class = HazardSerializer
    whole, sent, asked = HazardDetailSerializer, HazardMoveSerializer, READS
    make, noun = actions.MAKE, "hazard"

    @extend_schema(request=HazardReportSerializer, responses={201: HazardDetailSerializer})
    def create(self, request: Request) -> Response:
        """Report a hazard; sending the same id again answers with the record of the first time."""
        given = HazardReportSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = actions.report(by=request.user, now=timezone.now(), **given.arguments())
        return self.answer(made, status.HTTP_201_CREATED)

    @extend_schema(request=HazardChangeSerializer, responses=HazardDetailSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Correct what was written down; `version` is the one that was read, and what is not named stays."""
        record, now = self.get_object(), timezone.now()
        given = HazardChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        workflow.check(record, moves.AMEND, request.user, now)
        made = actions.amend(by=request.user, hazard=record, now=now, **given.arguments())
        return self.answer(made)

    def arguments(self, record: Hazard, move: str, given: HazardMoveSerializer) -> dict[str, Any]:
        """What the action of a move takes, out of what was sent."""
        needed, besides = READS[move]
        sent = given.arguments()
        if "lat" in sent and "lon" in sent:
            sent["here"] = Point(sent["lat"], sent["lon"])
        if missing := [name for name in needed if sent.get(name) in (None, "")]:
            raise serializers.ValidationError({missing[0]: [_("这一项要填")]})
        found = {name: sent[name] for name in ("version", *needed, *besides) if name in sent}
        if "target" in found:
            found["target"] = get_visible(self.request, self.queryset, found["target"])
        return found


class CategoryPages(Pages):
    page_size = 100
    ordering = ("code", "id")


class CategoryViewSet(viewsets.ReadOnlyModelViewSet):
    """The categories of hazards with what is usual for each."""

    queryset = Category.objects.prefetch_related("defects")
    pagination_class = CategoryPages
    serializer_class = CategorySerializer
    lookup_field = "code"
    lookup_value_regex = "[a-z_]{1,24}"

    def get_queryset(self) -> QuerySet[Category]:
        return super().get_queryset().visible_to(self.request.user)


router = SimpleRouter()
router.register("hazards", HazardViewSet)
router.register("hazard-categories", CategoryViewSet)
