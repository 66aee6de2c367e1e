"""Hazards on the road (隐患) and all that hangs on one: photos, owners' turns, extensions, pauses, verifications,
listings and documents; the categories, and who answers for a road."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from brigade.kit.geo import Point, stake_text
from brigade.org.models import Person, Record, RecordQuerySet, Unit
from brigade.reference.states import Trust
from enforcement.hazards.states import (
    OPEN,
    SENT,
    WITH_OWNER,
    CoordSystem,
    Direction,
    DocumentKind,
    GeoSource,
    Grade,
    HazardState,
    ListingLevel,
    NoFix,
    OwnerType,
    PauseKind,
    PhotoKind,
    Source,
    Term,
    Visibility,
)


class CategoryQuerySet(models.QuerySet["Category"]):
    def visible_to(self, user: Person) -> CategoryQuerySet:
        """The list is no secret: whoever may see hazards sees all of it."""
        return self.all() if user.has_perm("hazards.view_hazard") else self.none()


class Category(models.Model):
    """A kind of hazard (类别), with what is usual for it: grade, owner, days, and how near another counts as the same.

    `radius_m` 0 turns the search for duplicates off.
    """

    code = models.CharField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("类别"), max_length=20)
    order = models.PositiveSmallIntegerField()
    default_grade = models.CharField(_("通常定级"), max_length=8, choices=Grade.choices)
    default_owner_type = models.CharField(_("通常责任单位"), max_length=12, choices=OwnerType.choices)
    term = models.CharField(_("整改期限"), max_length=10, choices=Term.choices)
    radius_m = models.PositiveSmallIntegerField(_("查重半径（米）"))
    standard_ref = models.CharField(_("标准"), max_length=80, blank=True)
    source = models.CharField(_("依据"), max_length=120)
    verified = models.CharField(_("可信程度"), max_length=10, choices=Trust.choices)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("隐患类别")

    def __str__(self) -> str:
        return self.name


class Defect(models.Model):
    """What is wrong, more precisely than the category (缺陷)."""

    category = models.ForeignKey(Category, models.PROTECT, related_name="defects", verbose_name=_("类别"))
    code = models.CharField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("缺陷"), max_length=20)
    order = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("缺陷")

    def __str__(self) -> str:
        return self.name


class OwnerQuerySet(models.QuerySet["Owner"]):
    def live(self) -> OwnerQuerySet:
        """Those that can be notified: the unit stands, and somebody there answers."""
        standing = Q(unit__closed_on__isnull=True) | Q(unit__closed_on__gt=timezone.localdate())
        return self.filter(standing).exclude(liaison_name="", liaison__isnull=True)

    def visible_to(self, user: Person) -> OwnerQuerySet:
        """The list is no secret among police; who answers for one sees that one."""
        if user.has_perm("hazards.view_hazard") or user.has_perm("hazards.change_owner"):
            return self.all()
        return self.filter(unit__in=user.units_for("hazards.answer_hazard"))


class Owner(models.Model):
    """A responsible organisation (责任单位): what the outside unit answers for, and who answers there.

    `liaison` is set where that person can reach the portal; the others get paper, and the clerk writes down their
    answer.
    """

    SENSITIVE = frozenset({"phone"})

    unit = models.OneToOneField(Unit, models.PROTECT, primary_key=True, related_name="hazard_owner")
    owner_type = models.CharField(_("类型"), max_length=12, choices=OwnerType.choices)
    liaison = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("联络员账号")
    )
    liaison_name = models.CharField(_("联络员"), max_length=40, blank=True)
    phone_sealed = models.TextField(blank=True, editable=False)
    phone_index = models.CharField(max_length=32, blank=True, db_index=True, editable=False)
    phone_tail = models.CharField(_("联络电话"), max_length=4, blank=True, editable=False)

    objects = OwnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("责任单位")

    def __str__(self) -> str:
        return self.unit.short_name

    @property
    def has_liaison(self) -> bool:
        """Whether somebody there can be told; a liaison whose account is closed is nobody."""
        return self.liaison.is_active if self.liaison is not None else bool(self.liaison_name)


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
        closed = Verification.objects.filter(still, has_passed=True, at__lt=moment)
        found = self.filter(registered_at__lt=moment).exclude(state=HazardState.MERGED)
        return found.exclude(pk__in=closed.values("hazard"))

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


class HazardPhoto(models.Model):
    """A picture of a hazard: what it shows, when it was taken and by whom; `dhash` finds the same picture again.

    `came_with` is the merged hazard that brought it along, to which it goes back when the merger comes to nothing.
    """

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="photos", verbose_name=_("隐患"))
    file = models.ForeignKey("files.File", models.PROTECT, related_name="+", verbose_name=_("照片"))
    kind = models.CharField(_("类别"), max_length=12, choices=PhotoKind.choices)
    taken_at = models.DateTimeField(_("拍摄时间"))
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("上传人"))
    note = models.CharField(_("说明"), max_length=80, blank=True)
    dhash = models.CharField(max_length=16, editable=False)
    came_with = models.ForeignKey(Hazard, models.PROTECT, null=True, related_name="+", verbose_name=_("随并案带来"))

    class Meta:
        verbose_name = _("隐患照片")
        constraints = [models.UniqueConstraint(fields=["hazard", "file"], name="hazardphoto_once")]


class OwnerTurn(models.Model):
    """The time that one owner had a hazard; with another owner a new turn begins, and the old one keeps its own."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="turns", verbose_name=_("隐患"))
    owner = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("责任单位"))
    delivered_at = models.DateTimeField(_("送达"))
    due_at = models.DateTimeField(_("期限"))
    ended_at = models.DateTimeField(_("止"), null=True)
    reason = models.CharField(_("转办理由"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("责任单位经手")
        constraints = [
            models.UniqueConstraint(fields=["hazard"], condition=Q(ended_at__isnull=True), name="ownerturn_one_open"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("delivered_at")),
                name="ownerturn_ends_after_start",
            ),
        ]

    def days(self, now: datetime) -> int:
        """Whole days that the owner has had it."""
        return ((self.ended_at or now) - self.delivered_at).days


class Extension(models.Model):
    """That the owner asked for more time before its limit, and what was answered."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="extensions", verbose_name=_("隐患"))
    seq = models.PositiveSmallIntegerField(_("次数"))
    days = models.PositiveSmallIntegerField(_("延长天数"))
    reason = models.CharField(_("理由"), max_length=300)
    old_due_at = models.DateTimeField(_("原期限"))
    new_due_at = models.DateTimeField(_("新期限"))
    asked_at = models.DateTimeField(_("申请时间"))
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("申请人"))
    decided_at = models.DateTimeField(_("审批时间"), null=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("审批人"))
    is_granted = models.BooleanField(_("同意"), null=True)
    answer = models.CharField(_("审批意见"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("延期")
        constraints = [
            models.UniqueConstraint(fields=["hazard", "seq"], name="extension_in_order"),
            models.UniqueConstraint(fields=["hazard"], condition=Q(decided_at__isnull=True), name="extension_one_open"),
            models.CheckConstraint(condition=Q(new_due_at__gt=F("old_due_at")), name="extension_goes_forward"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, is_granted__isnull=True)
                | Q(decided_at__isnull=False, is_granted__isnull=False),
                name="extension_decided_with_an_answer",
            ),
        ]


class ClockPause(models.Model):
    """A stretch in which the owner's clock stood still: while 会商 decided whose it is, or while it was deferred."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="pauses", verbose_name=_("隐患"))
    kind = models.CharField(_("原因"), max_length=8, choices=PauseKind.choices)
    started_at = models.DateTimeField(_("起"))
    ended_at = models.DateTimeField(_("止"), null=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("经办人"))

    class Meta:
        verbose_name = _("计时暂停")
        constraints = [
            models.UniqueConstraint(
                fields=["hazard", "kind"], condition=Q(ended_at__isnull=True), name="clockpause_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="clockpause_ends_after_start",
            ),
        ]


class Verification(models.Model):
    """What two police found on the spot after the owner said it was mended; one that passed is the closing record.

    `owner` and `due_at` are kept as they were, so that a hazard that comes back does not change last month;
    `reopened_at` says until when a closing held.
    """

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="verifications", verbose_name=_("隐患"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    owner = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("责任单位"))
    at = models.DateTimeField(_("核验时间"))
    submitted_at = models.DateTimeField(_("提交核验"))
    due_at = models.DateTimeField(_("整改期限"))
    has_passed = models.BooleanField(_("通过"))
    first = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("核验人"))
    second = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("核验人"))
    checks = models.JSONField(_("核验项"), default=dict)
    distance_m = models.PositiveIntegerField(_("距隐患（米）"), null=True)
    no_fix = models.CharField(_("没有定位的原因"), max_length=12, choices=NoFix.choices, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    reopened_at = models.DateTimeField(_("反弹重开"), null=True)

    class Meta:
        verbose_name = _("核验")
        indexes = [models.Index(fields=["unit", "at"], name="verification_of_unit")]
        constraints = [
            models.CheckConstraint(
                condition=Q(has_passed=False) | Q(second__isnull=False), name="verification_passed_by_two"
            ),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(second=F("first")), name="verification_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(has_passed=True) | Q(note__gt=""), name="verification_failed_with_a_reason"
            ),
        ]

    @property
    def is_on_time(self) -> bool:
        """Whether the owner was in time; a late verification is the police's."""
        return self.submitted_at <= self.due_at


class Recheck(models.Model):
    """That somebody went back to a closed hazard (回访) and found it still mended; `closed_at` says which closing."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="rechecks", verbose_name=_("隐患"))
    closed_at = models.DateTimeField(_("销号"))
    at = models.DateTimeField(_("回访时间"))
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("回访人"))
    note = models.CharField(_("情况"), max_length=300)

    class Meta:
        verbose_name = _("回访")
        constraints = [
            models.CheckConstraint(condition=Q(at__gte=F("closed_at")), name="recheck_after_closing"),
        ]


class SupervisionListing(models.Model):
    """That a level of government put a hazard on its list (挂牌督办); only that level takes it off again."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="listings", verbose_name=_("隐患"))
    level = models.CharField(_("级别"), max_length=8, choices=ListingLevel.choices)
    document_no = models.CharField(_("挂牌文号"), max_length=60)
    leader = models.CharField(_("挂牌责任领导"), max_length=60)
    listed_on = models.DateField(_("挂牌日期"))
    due_on = models.DateField(_("挂牌期限"), null=True, blank=True)
    is_public = models.BooleanField(_("公示"), default=False)
    listed_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("登记人"))
    delisted_on = models.DateField(_("摘牌日期"), null=True)
    delisting_no = models.CharField(_("摘牌文号"), max_length=60, blank=True)
    delisted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("摘牌登记人"))

    class Meta:
        verbose_name = _("挂牌督办")
        constraints = [
            models.UniqueConstraint(
                fields=["hazard", "level"], condition=Q(delisted_on__isnull=True), name="listing_once_a_level"
            ),
            models.CheckConstraint(
                condition=Q(delisted_on__isnull=True, delisting_no="")
                | Q(delisted_on__gte=F("listed_on"), delisting_no__gt=""),
                name="listing_ends_by_document",
            ),
        ]


class HazardDocument(models.Model):
    """A document that was issued (文书): its number never comes again, and `facts` are what it was printed from.

    `step` is the day of the overdue ladder that wrote it, 0 for all others; one step writes once for one limit.
    """

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="documents", verbose_name=_("隐患"))
    kind = models.CharField(_("文书"), max_length=12, choices=DocumentKind.choices)
    number = models.CharField(_("文号"), max_length=40, unique=True)
    issued_at = models.DateTimeField(_("制发时间"))
    issued_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("制发人"))
    signed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("签发人"))
    step = models.PositiveSmallIntegerField(_("逾期天数"), default=0)
    due_at = models.DateTimeField(_("整改期限"), null=True)
    facts: Any = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("隐患文书")
        indexes = [models.Index(fields=["kind", "-issued_at", "-id"], name="hazarddocument_by_kind")]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard", "due_at", "step"], condition=Q(step__gt=0), name="escalated_once_a_step"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{self.number}"
