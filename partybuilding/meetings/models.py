"""What happened at a meeting: its segments, agenda, votes, roll-call, photos; what was decided, waived and excused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.searching import Name
from brigade.org.models import Person, Record, RecordQuerySet
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.meetings.states import (
    COUNTED,
    MEETING_OPEN,
    AgendaKind,
    Ballot,
    DecisionState,
    LeaveState,
    MakeUp,
    MeetingState,
    Mode,
    Presence,
    SegmentKind,
    Source,
    VoteKind,
    WaiverState,
)


class MeetingQuerySet(RecordQuerySet):
    def visible_to(self, user: Person) -> MeetingQuerySet:
        """Meetings of the units that the user reaches, and those he was due at."""
        return self.filter(
            Q(unit__in=user.units_for("meetings.view_meeting"))
            | Q(pk__in=Attendance.objects.filter(person=user).values("meeting"))
        )

    def counted(self) -> MeetingQuerySet:
        return self.filter(state__in=COUNTED)

    def of_kind(self, kind: str) -> MeetingQuerySet:
        return self.filter(pk__in=Segment.objects.filter(kind=kind).values("meeting"))


class Meeting(Record):
    """One real gathering of a branch, entered once. What it was is said by its segments; who was there, by its rows
    of attendance; nothing that can be counted is typed.

    A gathering of the general branch with members' segments is an assembly: it counts for each branch whose roll was
    called. `edition` grows with each reopening; the earlier ones are kept.
    """

    OPEN = MEETING_OPEN
    READERS_IN_ROWS = True

    state = models.CharField(_("状态"), max_length=24, choices=MeetingState.choices)
    theme = models.CharField(_("主题"), max_length=120, blank=True)
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    place = models.CharField(_("地点"), max_length=120, blank=True)
    mode = models.CharField(_("方式"), max_length=8, choices=Mode.choices, default=Mode.ONSITE)
    chair = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("主持人"))
    recorder = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("记录人")
    )
    summary = models.TextField(_("记录"), blank=True)
    attributed_year = models.PositiveSmallIntegerField(_("所属年度"), null=True, blank=True)
    backfill = models.BooleanField(_("补录"), default=False)
    backfill_reason = models.CharField(_("补录说明"), max_length=200, blank=True)
    backfill_approved_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("补录批准人")
    )
    recorded_at = models.DateTimeField(_("记录时间"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("确认人")
    )
    record_late = models.BooleanField(_("记录超时"), default=False)
    state_reason = models.CharField(_("原因"), max_length=200, blank=True)
    edition = models.PositiveSmallIntegerField(_("版次"), default=1)

    objects = MeetingQuerySet.as_manager()

    brought_segments: list[Segment] | None = None
    brought_roll: list[Attendance] | None = None
    """What a line of an old ledger brings along; stored with the meeting, in statements made before."""

    class Meta:
        verbose_name = _("会议记录")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="meeting_ends_after_start"),
            models.UniqueConstraint(fields=["unit", "number"], condition=~Q(number=""), name="meeting_numbered_once"),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(COUNTED)) | Q(confirmed_at__isnull=False),
                name="meeting_counts_when_confirmed",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-starts_at", "-id"], name="meeting_unit"),
            models.Index(fields=["-starts_at", "-id"], name="meeting_all"),
            models.Index(fields=["unit", "state", "starts_at"], name="meeting_state"),
            models.Index(fields=["state", "-starts_at", "-id"], name="meeting_by_state"),
            models.Index(fields=["-starts_at", "-id"], condition=Q(backfill=True), name="meeting_backfilled"),
        ]

    @property
    def held_on(self) -> date:
        """The day it belongs to: that of its start, in local time."""
        return timezone.localdate(self.starts_at)

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        for row in self.brought_roll or self.attendances.select_related("person"):
            yield row.person, str(_("本次会议的参会人"))

    def search_words(self) -> Iterable[str]:
        return (self.title, self.number, self.theme, self.place)


class Segment(models.Model):
    """A stretch of a meeting: a members' meeting, a lesson, an hour of study. Segments may lie inside each other."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="segments")
    kind = models.CharField(_("内容"), max_length=2, choices=SegmentKind.choices)
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    topic = models.CharField(_("题目"), max_length=120, blank=True)
    lecturer = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("主讲人")
    )
    group = models.ForeignKey(
        PartyGroup, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("党小组")
    )

    class Meta:
        verbose_name = _("时段")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="segment_ends_after_start"),
        ]
        indexes = [models.Index(fields=["kind", "starts_at"]), models.Index(fields=["lecturer", "starts_at"])]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class Session(models.Model):
    """One shift of a meeting held in several; nothing is voted on in such a meeting."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="sessions")
    seq = models.PositiveSmallIntegerField(_("场次"))
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))

    class Meta:
        verbose_name = _("场次")
        constraints = [
            models.UniqueConstraint(fields=["meeting", "seq"], name="session_numbered_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"),
        ]


class AgendaItem(models.Model):
    """What was on the table, what was said and who disagreed; the portal never writes speech."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="agenda")
    seq = models.PositiveSmallIntegerField(_("序号"))
    kind = models.CharField(_("类别"), max_length=12, choices=AgendaKind.choices)
    title = models.CharField(_("议题"), max_length=160)
    speaker = models.CharField(_("发言人"), max_length=80, blank=True)
    summary = models.TextField(_("要点"), blank=True)
    dissent = models.TextField(_("不同意见"), blank=True)
    resolution = models.TextField(_("决议"), blank=True)

    class Meta:
        verbose_name = _("议题")
        constraints = [models.UniqueConstraint(fields=["meeting", "seq"], name="agenda_numbered_once")]

    def __str__(self) -> str:
        return self.title


class Vote(models.Model):
    """One vote on one matter or one person. `base` and `present` are counted when it is recorded, never typed."""

    agenda = models.ForeignKey(AgendaItem, models.CASCADE, related_name="votes", verbose_name=_("议题"))
    kind = models.CharField(_("类别"), max_length=12, choices=VoteKind.choices)
    ballot = models.CharField(_("方式"), max_length=8, choices=Ballot.choices, default=Ballot.HANDS)
    candidate = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("对象")
    )
    base = models.PositiveSmallIntegerField(_("应到会有表决权"))
    present = models.PositiveSmallIntegerField(_("实到会有表决权"))
    ayes = models.PositiveSmallIntegerField(_("同意"))
    noes = models.PositiveSmallIntegerField(_("反对"), default=0)
    abstain = models.PositiveSmallIntegerField(_("弃权"), default=0)
    written = models.PositiveSmallIntegerField(_("书面同意"), default=0)
    passed = models.BooleanField(_("通过"))

    class Meta:
        verbose_name = _("表决")
        constraints = [
            models.UniqueConstraint(fields=["agenda", "candidate"], name="vote_once_a_candidate"),
            models.CheckConstraint(
                condition=Q(present__gte=F("ayes") + F("noes") + F("abstain")), name="vote_not_above_present"
            ),
        ]


class WrittenOpinion(models.Model):
    """What an absent voter handed in on an admission or confirmation; it counts when it came before the meeting."""

    vote = models.ForeignKey(Vote, models.CASCADE, related_name="opinions")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("党员"))
    handed_in_at = models.DateTimeField(_("交来时间"))
    is_aye = models.BooleanField(_("同意"), default=True)

    class Meta:
        verbose_name = _("书面意见")
        constraints = [models.UniqueConstraint(fields=["vote", "person"], name="opinion_once_a_vote")]


class Attendance(models.Model):
    """Whether a person was there. The rows are the roll as it stood on the day, frozen when it was recorded.

    `branch` is the branch that he was due for; observers have none. `sessions` has bit n-1 set for session n.
    """

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="attendances")
    person = models.ForeignKey(Person, models.PROTECT, related_name="attendances", verbose_name=_("姓名"))
    branch = models.ForeignKey(PartyBranch, models.PROTECT, null=True, related_name="+", verbose_name=_("党支部"))
    status = models.CharField(_("到会情况"), max_length=14, choices=Presence.choices)
    is_voter = models.BooleanField(_("有表决权"), default=False)
    sessions = models.PositiveSmallIntegerField(_("场次"), default=0)
    source = models.CharField(_("来源"), max_length=10, choices=Source.choices, default=Source.ROLL_CALL)
    at = models.DateTimeField(_("登记时间"))
    reason = models.CharField(_("原因"), max_length=120, blank=True)
    late_leave = models.BooleanField(_("补假"), default=False)
    approved_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("准假人")
    )
    makeup = models.CharField(_("补课"), max_length=8, choices=MakeUp.choices, default=MakeUp.NONE)
    made_up_on = models.DateField(_("补课日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("到会")
        constraints = [
            models.UniqueConstraint(fields=["meeting", "person"], name="attendance_once_a_meeting"),
            models.CheckConstraint(
                condition=Q(makeup=MakeUp.DONE, made_up_on__isnull=False) | ~Q(makeup=MakeUp.DONE),
                name="makeup_done_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}·{self.get_status_display()}"

    @property
    def came_to(self) -> list[int]:
        """The sessions of a meeting held in shifts to which he came."""
        return [number + 1 for number in range(self.sessions.bit_length()) if self.sessions & 1 << number]


class MeetingPhoto(models.Model):
    """A picture of a meeting; none is ever asked for."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="photos")
    file = models.ForeignKey("files.File", models.PROTECT, related_name="+", verbose_name=_("照片"))
    seq = models.PositiveSmallIntegerField(_("序号"))
    caption = models.CharField(_("说明"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("会议照片")
        constraints = [
            models.UniqueConstraint(fields=["meeting", "seq"], name="photo_numbered_once"),
            models.UniqueConstraint(fields=["meeting", "file"], name="photo_once_a_meeting"),
        ]


class MeetingEdition(models.Model):
    """The record as it stood before it was reopened."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="editions")
    edition = models.PositiveSmallIntegerField(_("版次"))
    content = models.JSONField(encoder=DjangoJSONEncoder)
    reason = models.CharField(_("重开原因"), max_length=200)
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("重开人"))

    class Meta:
        verbose_name = _("会议记录历史版次")
        constraints = [models.UniqueConstraint(fields=["meeting", "edition"], name="edition_kept_once")]


class DecisionQuerySet(RecordQuerySet):
    def visible_to(self, user: Person) -> DecisionQuerySet:
        """Decisions of the units that the user reaches, and his own to carry out."""
        return self.filter(Q(unit__in=user.units_for("meetings.view_decision")) | Q(owner=user))

    def open(self) -> DecisionQuerySet:
        return self.filter(state=DecisionState.OPEN)


class Decision(Record):
    """What a meeting decided, who carries it out and by when; open ones come back on the next agenda."""

    OPEN = frozenset({DecisionState.OPEN})

    state = models.CharField(_("状态"), max_length=24, choices=DecisionState.choices)
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="decisions", verbose_name=_("会议"))
    agenda = models.ForeignKey(AgendaItem, models.SET_NULL, null=True, related_name="decisions", verbose_name=_("议题"))
    owner = models.ForeignKey(Person, models.PROTECT, related_name="decisions", verbose_name=_("责任人"))
    due_on = models.DateField(_("期限"))
    result = models.CharField(_("办理结果"), max_length=500, blank=True)
    finished_at = models.DateTimeField(_("办结时间"), null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("议定事项")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=DecisionState.DONE) | Q(finished_at__isnull=False), name="decision_done_has_a_time"
            )
        ]
        indexes = [
            models.Index(fields=["unit", "-due_on", "-id"], name="decision_unit"),
            models.Index(fields=["-due_on", "-id"], name="decision_all"),
            models.Index(fields=["state", "-due_on", "-id"], name="decision_by_state"),
        ]

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        yield self.owner, str(_("责任人"))

    def search_words(self) -> Iterable[str]:
        return (self.title, Name(self.owner.name))


class Waiver(Record):
    """That a branch need not meet one requirement in one period (执勤高峰), instead of an invented meeting."""

    OPEN = frozenset({WaiverState.ASKED})

    state = models.CharField(_("状态"), max_length=24, choices=WaiverState.choices)
    requirement = models.CharField(_("事项"), max_length=2, choices=SegmentKind.choices)
    period = models.CharField(_("期间"), max_length=10)
    reason = models.CharField(_("理由"), max_length=200)
    decided_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("批准人")
    )
    decided_at = models.DateTimeField(_("批准时间"), null=True, blank=True)
    answer = models.CharField(_("批复"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("豁免申请")
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "requirement", "period"],
                condition=~Q(state=WaiverState.RETURNED),
                name="waiver_once_a_period",
            )
        ]
        indexes = [
            models.Index(fields=["unit", "-created_at", "-id"], name="waiver_unit"),
            models.Index(fields=["-created_at", "-id"], name="waiver_all"),
        ]

    objects = RecordQuerySet.as_manager()

    def search_words(self) -> Iterable[str]:
        return (self.title, self.reason)


class LeaveQuerySet(RecordQuerySet):
    def visible_to(self, user: Person) -> LeaveQuerySet:
        """Leave asked in the units that the user reaches, and his own."""
        return self.filter(Q(unit__in=user.units_for("meetings.view_leave")) | Q(person=user))


class Leave(Record):
    """That a person asked to be excused from a meeting. Filed after the start it is 补假: absent until approved."""

    OPEN = frozenset({LeaveState.ASKED})

    state = models.CharField(_("状态"), max_length=24, choices=LeaveState.choices)
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="leaves", verbose_name=_("会议"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="leaves", verbose_name=_("请假人"))
    leave_kind = models.CharField(
        _("类别"), max_length=14, choices=[(kind.value, kind.label) for kind in Presence if "leave" in kind]
    )
    reason = models.CharField(_("事由"), max_length=120)
    late = models.BooleanField(_("补假"), default=False)
    decided_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("准假人")
    )
    decided_at = models.DateTimeField(_("准假时间"), null=True, blank=True)
    answer = models.CharField(_("答复"), max_length=200, blank=True)

    objects = LeaveQuerySet.as_manager()

    class Meta:
        verbose_name = _("请假")
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "person"], condition=~Q(state=LeaveState.RETURNED), name="leave_asked_once"
            )
        ]
        indexes = [
            models.Index(fields=["unit", "-created_at", "-id"], name="leave_unit"),
            models.Index(fields=["-created_at", "-id"], name="leave_all"),
        ]

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        yield self.person, str(_("请假人"))

    def search_words(self) -> Iterable[str]:
        return (self.title, Name(self.person.name))
