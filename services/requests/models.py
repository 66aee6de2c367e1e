"""The catalogue of services by versions, and the requests (办件) that citizens bring to a hall."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from brigade.kit.searching import Name
from brigade.org.models import Person, Record, RecordQuerySet, Unit
from services.requests.states import (
    CLOCK_RUNS,
    OPEN,
    Category,
    DayKind,
    DeliveryKind,
    IdKind,
    MaterialKind,
    MaterialStatus,
    NoticeChannel,
    Outcome,
    Proposal,
    RequestState,
    SuspensionReason,
    Trust,
    When,
)


class ServiceItemQuerySet(models.QuerySet["ServiceItem"]):
    def on(self, day: date) -> ServiceItemQuerySet:
        """The versions valid on that day."""
        return self.filter(Q(effective_to__isnull=True) | Q(effective_to__gt=day), effective_from__lte=day)

    def in_hall(self, hall: Unit | None, day: date) -> ServiceItemQuerySet:
        """With `is_offered` and `elsewhere`, as the hall's latest decision of that day has them, else the catalogue."""
        said = ItemScope.objects.of(hall, day).filter(code=OuterRef("code"))
        return self.annotate(
            is_offered=Coalesce(Subquery(said.values("in_scope")[:1]), F("in_scope")),
            elsewhere=Coalesce(Subquery(said.values("elsewhere")[:1]), models.Value("")),
        )

    def offered(self, day: date, hall: Unit | None = None) -> ServiceItemQuerySet:
        """What a hall takes in on that day, in the order of the codes."""
        return self.on(day).in_hall(hall, day).filter(is_offered=True).order_by("pk")

    def visible_to(self, user: Person) -> ServiceItemQuerySet:
        """The catalogue is public: whoever may see services sees all of it."""
        return self.all() if user.has_perm("requests.view_serviceitem") else self.none()


class ServiceItem(models.Model):
    """One service of the catalogue (事项) in one version, valid from `effective_from` until before `effective_to`.

    A request keeps the version it was received under. Days are as `day_kind` says; 0 is the same day before closing;
    no statutory days where the rule sets none. `verified` says how far the row was checked against its article.
    `is_offered` and `elsewhere` are there when it is read with `in_hall`.
    """

    is_offered: bool
    elsewhere: str

    code = models.CharField(_("代码"), max_length=8)
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    name = models.CharField(_("事项"), max_length=60)
    category = models.CharField(_("类别"), max_length=24, choices=Category.choices)
    statutory_days = models.PositiveSmallIntegerField(_("法定时限"), null=True)
    promised_days = models.PositiveSmallIntegerField(_("承诺时限"))
    day_kind = models.CharField(_("计时"), max_length=10, choices=DayKind.choices)
    rolls_over = models.BooleanField(_("末日遇假顺延"), default=False)
    legal_basis = models.CharField(_("依据"), max_length=120)
    verified = models.CharField(_("可信程度"), max_length=8, choices=Trust.choices)
    is_licence = models.BooleanField(_("行政许可"), default=False)
    needs_reviewer = models.BooleanField(_("须审核"), default=False)
    in_scope = models.BooleanField(_("目录列为可办"), default=True)
    """What the catalogue presumes; `ItemScope` holds what each hall has decided."""
    pinyin = models.CharField(max_length=240)
    initials = models.CharField(max_length=60)
    search_text = models.CharField(max_length=400)
    effective_from = models.DateField(_("生效"))
    effective_to = models.DateField(_("失效"), null=True)

    objects = ServiceItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("服务事项")
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="serviceitem_version_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(effective_to__isnull=True), name="serviceitem_one_open_version"
            ),
            models.CheckConstraint(
                condition=Q(statutory_days__isnull=True) | Q(promised_days__lte=F("statutory_days")),
                name="serviceitem_promises_no_later_than_law",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="serviceitem_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["category", "code"])]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("requests:serviceitem_detail", args=[self.code])

    @property
    def number(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        return self.name

    @property
    def statutory_text(self) -> str:
        """The limit of the law in words."""
        if self.statutory_days is None:
            return str(_("未单设"))
        return self._days(self.statutory_days)

    @property
    def promised_text(self) -> str:
        return self._days(self.promised_days)

    def _days(self, count: int) -> str:
        if count == 0:
            return str(_("当日办结"))
        unit = _("个自然日") if self.day_kind == DayKind.NATURAL else _("个工作日")
        return f"{count}{unit}"


class ItemScopeQuerySet(models.QuerySet["ItemScope"]):
    def of(self, hall: Unit | None, day: date) -> ItemScopeQuerySet:
        """What the hall has decided up to that day, what holds first."""
        return self.filter(unit=hall, valid_from__lte=day).order_by("-valid_from", "-pk")


class ItemScope(models.Model):
    """A hall's decision, from a day on, whether it takes in a service (办理范围); a later one replaces it.

    The province says what a county's hall may do (令164、令162第2条), so it is data of the hall. It names the code and
    not a version: a new version of the catalogue changes nothing in it. `elsewhere` is where citizens are sent.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("大厅"))
    code = models.CharField(_("代码"), max_length=8)
    name = models.CharField(_("事项"), max_length=60)
    in_scope = models.BooleanField(_("本所办理"))
    elsewhere = models.CharField(_("到哪里办"), max_length=60, blank=True)
    basis = models.CharField(_("依据"), max_length=120)
    valid_from = models.DateField(_("从"))
    decided_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("决定人"))
    decided_at = models.DateTimeField(_("决定时间"))

    objects = ItemScopeQuerySet.as_manager()

    class Meta:
        verbose_name = _("办理范围")
        indexes = [models.Index(fields=["unit", "code", "-valid_from", "-id"], name="itemscope_latest")]
        constraints = [
            models.CheckConstraint(condition=Q(in_scope=True) | Q(elsewhere__gt=""), name="itemscope_says_where_to_go")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        return self.code


class MaterialItem(models.Model):
    """A material that a version of a service asks for."""

    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="materials", verbose_name=_("事项"))
    order = models.PositiveSmallIntegerField()
    name = models.CharField(_("材料"), max_length=80)
    kind = models.CharField(_("形式"), max_length=12, choices=MaterialKind.choices, default=MaterialKind.ORIGINAL)
    when = models.CharField(_("何时要"), max_length=16, choices=When.choices, default=When.ALWAYS)
    exempt_if_networked = models.BooleanField(_("联网可核验则免交"), default=False)

    class Meta:
        verbose_name = _("材料")
        constraints = [models.UniqueConstraint(fields=["item", "order"], name="materialitem_in_order")]

    def __str__(self) -> str:
        return self.name


class ServiceRequestQuerySet(RecordQuerySet):
    def open(self) -> ServiceRequestQuerySet:
        return self.filter(state__in=OPEN, completed_at__isnull=True)

    def overdue(self, now: datetime) -> ServiceRequestQuerySet:
        """Accepted, not settled, the clock not stopped, and past the earlier of the two limits."""
        return self.filter(state__in=CLOCK_RUNS, completed_at__isnull=True, promised_due_at__lt=now)


class ServiceRequest(Record):
    """A request (办件): what one citizen wants done, from the moment his papers are taken in until he has the result.

    `unit` is the hall. Citizen's data are kept only while the portal needs them: a request settled on the spot has
    none. The promised limit is never later than the statutory one, so it is the one that duties go by.
    """

    SENSITIVE = frozenset({"citizen_name", "id_no", "phone"})
    OPEN = OPEN
    LOCKED_WITH = ("unit", "item")

    state = models.CharField(_("状态"), max_length=24, choices=RequestState.choices)
    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="requests", verbose_name=_("事项"))
    first_contact_officer = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("首问"))
    handler = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("经办"))
    received_at = models.DateTimeField(_("收件"))
    round = models.PositiveSmallIntegerField(_("次数"), default=1)
    round_at = models.DateTimeField(_("本次收件"))
    answer_due_at = models.DateTimeField(_("答复期限"), null=True)
    lapses_at = models.DateTimeField(_("补正期限"), null=True)
    accepted_at = models.DateTimeField(_("受理"), null=True)
    accepted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("受理人"))
    is_deemed = models.BooleanField(_("视为受理"), default=False)
    statutory_due_at = models.DateTimeField(_("法定期限"), null=True)
    promised_due_at = models.DateTimeField(_("承诺期限"), null=True)
    is_provisional = models.BooleanField(_("暂算"), default=False)
    suspended_workdays = models.PositiveSmallIntegerField(_("中止天数"), default=0)
    tolerated_due_on = models.DateField(_("容缺补交期限"), null=True)
    proposal = models.CharField(_("拟办意见"), max_length=8, choices=Proposal.choices, blank=True)
    review_asked_at = models.DateTimeField(_("提交审核"), null=True)
    review_asked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("提交人"))
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("审核人"))
    outcome = models.CharField(_("结果"), max_length=8, choices=Outcome.choices, blank=True)
    outcome_reason = models.CharField(_("理由"), max_length=500, blank=True)
    remedy = models.CharField(_("救济途径"), max_length=300, blank=True)
    rejected_at = models.DateTimeField(_("不予受理"), null=True)
    completed_at = models.DateTimeField(_("办结"), null=True)
    delivered_at = models.DateTimeField(_("送达"), null=True)
    delivery_kind = models.CharField(_("送达方式"), max_length=12, choices=DeliveryKind.choices, blank=True)
    delivery_note = models.CharField(_("领取人或单号"), max_length=60, blank=True)
    external_no = models.CharField(_("平台流水号"), max_length=40, blank=True)
    citizen_name = models.CharField(_("办事人"), max_length=40, blank=True)
    id_kind = models.CharField(_("证件"), max_length=8, choices=IdKind.choices, default=IdKind.RESIDENT)
    id_no_sealed = models.TextField(blank=True, editable=False)
    id_no_index = models.CharField(max_length=32, blank=True, db_index=True, editable=False)
    id_no_tail = models.CharField(_("证件号"), max_length=4, blank=True, editable=False)
    phone_sealed = models.TextField(blank=True, editable=False)
    phone_index = models.CharField(max_length=32, blank=True, db_index=True, editable=False)
    phone_tail = models.CharField(_("手机号"), max_length=4, blank=True, editable=False)
    province_code = models.CharField(_("省级代码"), max_length=2, blank=True)
    is_out_of_province = models.BooleanField(_("外省户籍"), default=False)

    objects = ServiceRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("办件")
        indexes = [
            models.Index(fields=["unit", "-received_at", "-id"], name="request_of_unit"),
            models.Index(fields=["-received_at", "-id"], name="request_by_day"),
            models.Index(fields=["state", "-received_at", "-id"], name="request_by_state"),
            models.Index(fields=["unit", "state", "-received_at", "-id"], name="request_of_unit_by_state"),
            models.Index(fields=["unit", "completed_at"], name="request_completed"),
            # SQLite takes a partial index only where the query names its condition in the same words: not so for IN.
            models.Index(
                fields=["unit", "promised_due_at"], condition=Q(completed_at__isnull=True), name="request_clock"
            ),
            models.Index(fields=["unit", "state"], condition=Q(completed_at__isnull=True), name="request_open"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="request_number_once_a_hall"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(accepted_at__gte=F("received_at")),
                name="request_accepted_after_receipt",
            ),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) | Q(completed_at__gte=F("accepted_at")),
                name="request_completed_after_acceptance",
            ),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(delivered_at__gte=F("completed_at")),
                name="request_delivered_after_completion",
            ),
            models.CheckConstraint(
                condition=(Q(completed_at__isnull=True) & Q(outcome=""))
                | (Q(completed_at__isnull=False) & Q(outcome__gt="")),
                name="request_completed_with_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="refused") | Q(outcome_reason__gt=""), name="request_refused_with_reason"
            ),
        ]

    def search_words(self) -> tuple[str, ...]:
        return (
            self.number,
            self.item.code,
            self.title,
            self.item.initials,
            self.external_no,
            Name(self.citizen_name),
            self.id_no_tail,
            self.phone_tail,
        )

    @cached_property
    def papers(self) -> list[RequestMaterial]:
        """The materials in the order of the catalogue, read once."""
        return list(self.materials.select_related("material").order_by("material__order"))

    @property
    def is_past(self) -> bool:
        """Settled before it was recorded: out of the hall's old ledger."""
        return self.completed_at is not None and self.completed_at < self.created_at

    @property
    def is_settled_on_spot(self) -> bool:
        return self.completed_at is not None and self.completed_at == self.received_at


class RequestMaterial(models.Model):
    """How one material stood when the officer looked at it."""

    request = models.ForeignKey(ServiceRequest, models.PROTECT, related_name="materials", verbose_name=_("办件"))
    material = models.ForeignKey(MaterialItem, models.PROTECT, related_name="+", verbose_name=_("材料"))
    status = models.CharField(_("情况"), max_length=10, choices=MaterialStatus.choices, default=MaterialStatus.UNSEEN)
    note = models.CharField(_("说明"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("材料情况")
        constraints = [models.UniqueConstraint(fields=["request", "material"], name="requestmaterial_once")]


class SupplementNotice(models.Model):
    """The one notice of a round (一次性告知书) that says everything that is missing.

    `items` is a list of {material, name, status, note}. A notice that names what was missing in an earlier round is a
    recorded fault (`is_repeat_fault`): the citizen should have been told the first time.
    """

    request = models.ForeignKey(ServiceRequest, models.PROTECT, related_name="notices", verbose_name=_("办件"))
    round = models.PositiveSmallIntegerField(_("次数"))
    items = models.JSONField(_("须补正"))
    issued_at = models.DateTimeField(_("告知时间"))
    issued_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("告知人"))
    channel = models.CharField(_("方式"), max_length=12, choices=NoticeChannel.choices)
    is_repeat_fault = models.BooleanField(_("重复告知"), default=False)

    class Meta:
        verbose_name = _("一次性告知书")
        constraints = [
            models.UniqueConstraint(fields=["request", "round"], name="notice_once_a_round"),
            models.CheckConstraint(condition=~Q(items=[]), name="notice_names_something"),
        ]


class ClockSuspension(models.Model):
    """A stretch of time that does not count towards the limits; the citizen is told of it in writing."""

    request = models.ForeignKey(ServiceRequest, models.PROTECT, related_name="suspensions", verbose_name=_("办件"))
    reason_code = models.CharField(_("原因"), max_length=12, choices=SuspensionReason.choices)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    told_by = models.CharField(_("告知申请人的方式"), max_length=60)
    started_at = models.DateTimeField(_("起"))
    ended_at = models.DateTimeField(_("止"), null=True)
    approver = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("批准人"))

    class Meta:
        verbose_name = _("中止计时")
        constraints = [
            models.UniqueConstraint(fields=["request"], condition=Q(ended_at__isnull=True), name="suspension_one_open"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="suspension_ends_after_start",
            ),
        ]
