"""Tasks that a leader hands out (交办), each to one post of one unit, with all that was said about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.assignments.states import LIVE, RUNNING, AssignmentState, LineKind
from brigade.files.models import File
from brigade.kit.clocks import at
from brigade.org.models import Grant, Person, Record, RecordQuerySet, Unit
from brigade.org.states import PERMISSIONS, Role

VIEW = "assignments.view_assignment"


class AssignmentQuerySet(RecordQuerySet):
    def visible_to(self, user: Person) -> AssignmentQuerySet:
        """Tasks to and from the units that the user reaches, and those of his own posts or from his own hand."""
        units = user.units_for(VIEW)
        mine = Q(unit__in=units) | Q(giver_unit__in=units) | Q(created_by=user.pk)
        for unit_id, role in user.posts:
            mine |= Q(unit=unit_id, post=role) | Q(giver_unit=unit_id, giver_post=role)
        return self.filter(mine)

    def to_posts_of(self, user: Person) -> AssignmentQuerySet:
        """What the user has to do: the tasks of his posts; the clerk of a unit helps with all of it."""
        return self.filter(_to_posts_of(user))

    def given_by(self, user: Person) -> AssignmentQuerySet:
        """What the user follows up: given by him, or by somebody who has left the post that is now his."""
        return self.filter(_given_by(user))

    def concerning(self, user: Person) -> AssignmentQuerySet:
        """What he has to do and what he follows up."""
        return self.filter(_to_posts_of(user) | _given_by(user))

    def running(self) -> AssignmentQuerySet:
        """Said by what it is not: asked by `state`, SQLite leaves the index of what is not done for that of states."""
        return self.live().exclude(state=AssignmentState.REPLIED)

    def live(self) -> AssignmentQuerySet:
        return self.filter(closed_at__isnull=True)

    def overdue(self, now: datetime) -> AssignmentQuerySet:
        return self.running().filter(due_on__lt=timezone.localdate(now))


def _to_posts_of(user: Person) -> Q:
    mine = Q(pk__in=[])
    for unit_id, role in user.posts:
        mine |= Q(unit=unit_id) if role == Role.CLERK else Q(unit=unit_id, post=role)
    return mine


def _given_by(user: Person) -> Q:
    mine = Q(created_by=user.pk)
    for unit_id, role in user.posts:
        holders = Grant.objects.on(timezone.localdate()).filter(unit=unit_id, role=role).values("person")
        mine |= Q(giver_unit=unit_id, giver_post=role) & ~Q(created_by__in=holders)
    return mine


class Assignment(Record):
    """One task to one post (`post` on `unit`) until a day; what went to several at once shares its `batch`.

    It comes from a post too (`giver_post` on `giver_unit`): who holds the posts today may act, so a transfer hands
    both sides over. `source_*` name the record or the figure that it is about, `source_text` as it stood that day.
    `asked_due_on` is a day that the addressee has asked for and the giver has not answered.
    """

    OPEN = LIVE
    ANSWERING = ("unit", "giver_unit")

    state = models.CharField(_("状态"), max_length=24, choices=AssignmentState.choices)
    batch = models.UUIDField(editable=False)
    post = models.CharField(_("承办岗位"), max_length=20)
    giver_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("交办单位"))
    giver_post = models.CharField(_("交办岗位"), max_length=20)
    text = models.CharField(_("要求"), max_length=500, blank=True)
    needs_reply = models.BooleanField(_("要求回复"), default=True)
    due_on = models.DateField(_("期限"))
    first_due_on = models.DateField(_("原定期限"))
    asked_due_on = models.DateField(_("申请延到"), null=True)
    asked_at = models.DateTimeField(_("申请延期时间"), null=True)
    replied_at = models.DateTimeField(_("回复时间"), null=True)
    replied_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("回复人"))
    decided_at = models.DateTimeField(_("答复时间"), null=True)
    urged_at = models.DateTimeField(_("催办时间"), null=True)
    closed_at = models.DateTimeField(_("办结时间"), null=True)
    source_kind = models.CharField(max_length=48, blank=True)
    source_id = models.CharField(max_length=36, blank=True)
    source_url = models.CharField(max_length=300, blank=True)
    source_text = models.CharField(_("来源"), max_length=200, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("交办")
        indexes = [
            models.Index(fields=["unit", "-due_on", "-id"], name="assignment_of_unit"),
            models.Index(fields=["-due_on", "-id"], name="assignment_by_due"),
            models.Index(fields=["state", "-due_on", "-id"], name="assignment_by_state"),
            models.Index(fields=["-due_on", "-id"], condition=Q(closed_at__isnull=True), name="assignment_not_done"),
            models.Index(fields=["giver_unit", "giver_post", "-due_on"], name="assignment_from"),
            models.Index(fields=["created_by", "-due_on"], name="assignment_given"),
            models.Index(fields=["batch"], name="assignment_batch"),
            models.Index(fields=["source_kind", "source_id"], name="assignment_source"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["giver_unit", "number"], name="assignment_number_once"),
            models.CheckConstraint(condition=Q(due_on__gte=F("first_due_on")), name="assignment_only_extended"),
            models.CheckConstraint(
                condition=~Q(state="replied") | Q(replied_at__isnull=False), name="assignment_replied_at"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "withdrawn"]) | Q(closed_at__isnull=False), name="assignment_closed_at"
            ),
        ]

    @property
    def post_label(self) -> str:
        return str(Role(self.post).label)

    @property
    def due_at(self) -> datetime:
        """The day counts to its last minute."""
        return at(self.due_on, time.max)

    def is_late(self, now: datetime) -> bool:
        return self.state in RUNNING and self.due_at < now

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        """The giver, who holds one of the two posts, and the readers of the unit that it comes from."""
        if self.created_by is not None:
            yield self.created_by, str(_("交办人"))
        today = timezone.localdate()
        grants = Grant.objects.on(today).filter(person__is_active=True).select_related("person")
        for grant in grants.filter(Q(unit=self.unit_id, role=self.post)):
            yield grant.person, str(_("承办岗位"))
        readers = Q(unit__in=self.giver_unit.lineage, role__in=PERMISSIONS[VIEW])
        for grant in grants.filter(Q(unit=self.giver_unit_id, role=self.giver_post) | readers):
            yield grant.person, str(_("交办单位一方"))

    def search_words(self) -> Iterable[str]:
        return (self.title, self.number, self.text, self.source_text)


class Line(models.Model):
    """One line of the thread: what was handed out, replied, asked, answered."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="lines", verbose_name=_("交办"))
    kind = models.CharField(_("事项"), max_length=12, choices=LineKind.choices)
    text = models.CharField(_("内容"), max_length=1000, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("谁"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("往来")
        indexes = [models.Index(fields=["assignment", "-at", "-id"])]


class LineFile(models.Model):
    """A file that came with a line of the thread."""

    line = models.ForeignKey(Line, models.PROTECT, related_name="files")
    file = models.ForeignKey(File, models.PROTECT, related_name="+", verbose_name=_("附件"))

    class Meta:
        verbose_name = _("往来附件")
        constraints = [models.UniqueConstraint(fields=["line", "file"], name="linefile_once")]
