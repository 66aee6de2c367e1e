"""The hazard itself (隐患): where it lies, who owns it, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from brigade.kit.geo import Point, stake_text
from brigade.org.models import Person, Record, RecordQuerySet, Unit
from enforcement.hazards.models.evidence import Verification
from enforcement.hazards.models.reference import Category, Defect
from enforcement.hazards.models.terms import Extension, SupervisionListing
from enforcement.hazards.states import (
    OPEN,
    SENT,
    WITH_OWNER,
    CoordSystem,
    Direction,
    GeoSource,
    Grade,
    HazardState,
    Source,
    Visibility,
)


class HazardQuerySet(RecordQuerySet):
    def visible_to(self, user: Person) -> HazardQuerySet:
        """Hazards of the units that the user reaches, those sent to his organisation, and what he reported himself."""
        found = Q(unit__in=user.units_for("hazards.view_hazard")) | Q(created_by=user)
        if answering := user.units_for("hazards.answer_hazard"):
            found |= _sent_to(answering)
        return self.filter(found)

    def sent_to(self, units: Iterable[int]) -> HazardQuerySet:
        """What these organisations have been told of."""
        return self.filter(_sent_to(units))

    def open(self) -> HazardQuerySet:
        return self.filter(state__in=OPEN)

    def open_at(self, moment: datetime) -> HazardQuerySet:
        """Registered and not closed as it was at that moment; the stock of that day."""
        still = Q(reopened_at__isnull=True) | Q(reopened_at__gte=moment)
        closed = Verification.objects.filter(still, hazard=OuterRef("pk"), has_passed=True, at__lt=moment)
        # Asked row by row: a list of all that was ever closed is one that PostgreSQL reads through for each hazard.
        return self.filter(~Exists(closed), registered_at__lt=moment).exclude(state=HazardState.MERGED)

    def overdue(self, now: datetime) -> HazardQuerySet:
        return self.filter(past_limit(now))

    def listed(self) -> HazardQuerySet:
        return self.filter(pk__in=SupervisionListing.objects.filter(delisted_on__isnull=True).values("hazard"))


def past_limit(now: datetime) -> Q:
    """With the owner, its clock running, and past its end."""
    return Q(state__in=WITH_OWNER, disputed_at__isnull=True, due_at__lt=now)


def _sent_to(units: Iterable[int]) -> Q:
    return Q(owner__in=units, notified_at__isnull=False, state__in=SENT)


class Hazard(Record):
    """Something about a road that will hurt somebody (隐患), from the report until two police have seen it mended.

    `unit` is the squadron that looks after it. Police find, notify and verify; the owner mends. The place is kept as
    WGS-84, with the pair as it was typed beside it. `due_at` moves by an extension, by a pause of the clock, or with
    another owner. `state_before` is where a deferred hazard goes back to; `returned_at` is when what had been settled
    as not so or as merged was taken up again, and the days of the police count anew from there.
    """

    OPEN = OPEN

    state = models.CharField(_("状态"), max_length=24, choices=HazardState.choices)
    state_before = models.CharField(max_length=24, blank=True, editable=False)
    description = models.TextField(_("问题"), blank=True)
    source = models.CharField(_("来源"), max_length=16, choices=Source.choices)
    informant = models.CharField(_("反映人或来文"), max_length=60, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="hazards", verbose_name=_("类别"))
    defect = models.ForeignKey(
        Defect, models.PROTECT, null=True, blank=True, related_name="hazards", verbose_name=_("缺陷")
    )
    suggestion = models.TextField(_("整改建议"), blank=True)
    visibility = models.CharField(_("公开范围"), max_length=8, choices=Visibility.choices, default=Visibility.INTERNAL)

    grade = models.CharField(_("定级"), max_length=8, choices=Grade.choices, blank=True)
    graded_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("定级人"))
    second_grader = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("共同定级人"))
    expert_note = models.TextField(_("专家意见"), blank=True)
    is_key = models.BooleanField(_("重点"), default=False)
    key_reason = models.CharField(_("列为重点的理由"), max_length=120, blank=True)

    road = models.ForeignKey(
        "reference.Road", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("道路")
    )
    stake_start_m = models.PositiveIntegerField(_("起点桩号"), null=True, blank=True)
    stake_end_m = models.PositiveIntegerField(_("止点桩号"), null=True, blank=True)
    direction = models.CharField(_("方向"), max_length=4, choices=Direction.choices, default=Direction.NA)
    lat = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    lon = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    coord_sys = models.CharField(_("坐标系"), max_length=8, choices=CoordSystem.choices, blank=True)
    entered_lat = models.DecimalField(_("填写的纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    entered_lon = models.DecimalField(_("填写的经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    acc_m = models.PositiveIntegerField(_("误差（米）"), null=True, blank=True)
    geo_source = models.CharField(_("位置来源"), max_length=10, choices=GeoSource.choices, blank=True)
    town = models.ForeignKey("reference.Town", models.PROTECT, related_name="+", verbose_name=_("乡镇街道"))
    village = models.ForeignKey(
        "reference.Village", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("村社区")
    )
    place = models.CharField(_("地点说明"), max_length=120, blank=True)
    is_intersection = models.BooleanField(_("平交路口"), default=False)

    owner = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("责任单位"))
    partners = models.ManyToManyField(Unit, related_name="+", blank=True, verbose_name=_("配合单位"))
    discovered_at = models.DateTimeField(_("发现"))
    registered_at = models.DateTimeField(_("登记"), null=True)
    registered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("登记人"))
    register_note = models.CharField(_("核实情况"), max_length=300, blank=True)
    graded_at = models.DateTimeField(_("定级时间"), null=True)
    notified_at = models.DateTimeField(_("通知"), null=True)
    delivered_at = models.DateTimeField(_("送达"), null=True)
    accepted_at = models.DateTimeField(_("签收"), null=True)
    accepted_name = models.CharField(_("签收人"), max_length=40, blank=True)
    is_on_paper = models.BooleanField(_("代录回执"), default=False)
    rectifying_at = models.DateTimeField(_("开始整改"), null=True)
    due_at = models.DateTimeField(_("整改期限"), null=True)
    submitted_at = models.DateTimeField(_("提交核验"), null=True)
    submitted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("提交人"))
    completed_on = models.DateField(_("完工日期"), null=True, blank=True)
    completion_note = models.CharField(_("完工说明"), max_length=300, blank=True)
    verified_at = models.DateTimeField(_("核验"), null=True)
    closed_at = models.DateTimeField(_("销号"), null=True)
    reopened_at = models.DateTimeField(_("反弹重开"), null=True)
    disputed_at = models.DateTimeField(_("提出异议"), null=True)
    extension_asked_at = models.DateTimeField(_("申请延期，待批"), null=True)
    dispute_reason = models.CharField(_("异议理由"), max_length=300, blank=True)
    ended_at = models.DateTimeField(_("不属实或并案"), null=True)
    returned_at = models.DateTimeField(_("重新核实"), null=True)
    is_past = models.BooleanField(_("按原台账补录"), default=False)

    interim_measures = models.TextField(_("临时管控措施"), blank=True)
    interim_at = models.DateTimeField(_("落实临时管控"), null=True)
    plan_measures = models.TextField(_("整改措施"), blank=True)
    plan_funds = models.CharField(_("资金"), max_length=120, blank=True)
    plan_person = models.CharField(_("责任人"), max_length=60, blank=True)
    plan_due_on = models.DateField(_("时限"), null=True, blank=True)
    plan_emergency = models.TextField(_("预案"), blank=True)
    cost_estimate = models.DecimalField(_("预算（元）"), max_digits=12, decimal_places=2, null=True, blank=True)
    cost_actual = models.DecimalField(_("实际花费（元）"), max_digits=12, decimal_places=2, null=True, blank=True)

    deferral_document = models.CharField(_("暂缓批准文件"), max_length=60, blank=True)
    review_on = models.DateField(_("暂缓复审日期"), null=True, blank=True)
    dup_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged", verbose_name=_("并入"))
    reporter_count = models.PositiveSmallIntegerField(_("反映次数"), default=1)
    return_count = models.PositiveSmallIntegerField(_("驳回次数"), default=0)
    reopen_count = models.PositiveSmallIntegerField(_("反弹次数"), default=0)

    objects = HazardQuerySet.as_manager()

    closing: Verification | None = None
    """The closing that a line of an old ledger brings along."""

    class Meta:
        verbose_name = _("隐患")
        indexes = [
            models.Index(fields=["unit", "-discovered_at", "-id"], name="hazard_of_unit"),
            models.Index(fields=["-discovered_at", "-id"], name="hazard_by_day"),
            models.Index(fields=["state", "-discovered_at", "-id"], name="hazard_by_state"),
            models.Index(fields=["unit", "state", "-discovered_at", "-id"], name="hazard_of_unit_by_state"),
            models.Index(fields=["owner", "-discovered_at", "-id"], name="hazard_of_owner"),
            models.Index(fields=["town", "-discovered_at", "-id"], name="hazard_of_town"),
            models.Index(fields=["created_by", "-discovered_at", "-id"], name="hazard_of_reporter"),
            models.Index(fields=["category", "lat", "lon"], name="hazard_near"),
            models.Index(fields=["lat", "lon"], name="hazard_on_map"),
            models.Index(fields=["road", "stake_start_m"], name="hazard_on_road"),
            models.Index(fields=["state", "due_at"], name="hazard_clock"),
            models.Index(fields=["unit", "registered_at"], name="hazard_registered"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="hazard_number_once"),
            models.CheckConstraint(
                condition=Q(stake_start_m__isnull=True, stake_end_m__isnull=True)
                | Q(stake_start_m__isnull=False, stake_end_m__gte=F("stake_start_m"), road__isnull=False),
                name="hazard_stakes_in_order",
            ),
            models.CheckConstraint(
                condition=Q(lat__isnull=True, lon__isnull=True, coord_sys="")
                | Q(lat__isnull=False, lon__isnull=False, coord_sys__gt=""),
                name="hazard_point_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(lat__isnull=False) | Q(stake_start_m__isnull=False), name="hazard_has_a_place"
            ),
            models.CheckConstraint(
                condition=~Q(state="merged") | Q(dup_of__isnull=False), name="hazard_merged_into_something"
            ),
            models.CheckConstraint(condition=~Q(dup_of=F("id")), name="hazard_not_its_own_twin"),
            models.CheckConstraint(
                condition=Q(notified_at__isnull=True) | Q(grade__gt="", owner__isnull=False, due_at__isnull=False),
                name="hazard_notified_with_grade_owner_and_limit",
            ),
            models.CheckConstraint(
                condition=Q(notified_at__isnull=True) | Q(delivered_at__gte=F("notified_at")),
                name="hazard_delivered_after_notice",
            ),
            models.CheckConstraint(condition=Q(is_key=False) | Q(key_reason__gt=""), name="hazard_key_with_a_reason"),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False), name="hazard_closed_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="deferred") | Q(review_on__isnull=False, state_before__gt=""),
                name="hazard_deferred_until_a_day",
            ),
            models.CheckConstraint(
                condition=(Q(cost_estimate__isnull=True) | Q(cost_estimate__gte=0))
                & (Q(cost_actual__isnull=True) | Q(cost_actual__gte=0)),
                name="hazard_costs_something_or_nothing",
            ),
        ]

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        if self.created_by is not None:
            yield self.created_by, _gettext("本人上报")
        if self.owner_id is not None and self.notified_at is not None and self.state in SENT:
            owner = getattr(self.owner, "hazard_owner", None)
            if owner is not None and owner.liaison is not None:
                yield owner.liaison, _gettext("责任单位联络员")

    def reading_units(self) -> Iterable[int]:
        yield self.unit_id
        if self.owner_id is not None and self.notified_at is not None and self.state in SENT:
            yield self.owner_id

    def search_words(self) -> tuple[str, ...]:
        return (
            self.title,
            self.number,
            self.where,
            self.place,
            self.town.name,
            self.category.name,
            self.owner.short_name if self.owner else "",
        )

    @property
    def point(self) -> Point | None:
        return None if self.lat is None or self.lon is None else Point(float(self.lat), float(self.lon))

    @property
    def stakes(self) -> str:
        """K12+350, or K12+350–K12+600; empty off the network."""
        if self.stake_start_m is None:
            return ""
        start = stake_text(self.stake_start_m)
        return start if self.stake_end_m in (None, self.stake_start_m) else f"{start}–{stake_text(self.stake_end_m)}"

    @cached_property
    def where(self) -> str:
        """Road, stake and direction, as people say it; one query for the road."""
        parts = [self.road.name if self.road else "", self.stakes]
        if self.direction in (Direction.UP, Direction.DOWN):
            parts.append(self.get_direction_display())
        return " ".join(filter(None, parts))

    @property
    def term_began_at(self) -> datetime | None:
        """Since when its owner has had it: since the delivery, or since it came back."""
        return max(filter(None, (self.delivered_at, self.reopened_at)), default=None)

    @property
    def term_extensions(self) -> models.QuerySet[Extension]:
        """What the present owner has asked for in the present term; those of earlier ones count no more."""
        began_at = self.term_began_at
        return self.extensions.filter(asked_at__gte=began_at) if began_at is not None else self.extensions.none()

    def is_overdue(self, now: datetime) -> bool:
        return self.state in WITH_OWNER and self.disputed_at is None and self.due_at is not None and self.due_at < now

    def days_overdue(self, now: datetime) -> int:
        """Days since the last day of the limit; 0 while it is kept."""
        if self.due_at is None or not self.is_overdue(now):
            return 0
        return (timezone.localdate(now) - timezone.localdate(self.due_at)).days

    @property
    def open_listing(self) -> SupervisionListing | None:
        return self.listings.filter(delisted_on__isnull=True).order_by("-listed_on", "-pk").first()
