"""Work to be done outside a request, and how far the schedule has been planned."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from brigade.jobs.states import JobState


class JobQuerySet(models.QuerySet["Job"]):
    def due(self, now: datetime) -> "JobQuerySet":
        return self.filter(state=JobState.QUEUED, due_at__lte=now)

    def lapsed(self, now: datetime) -> "JobQuerySet":
        """Running jobs whose worker has not been heard of for longer than its lease."""
        return self.filter(state=JobState.RUNNING, lease_until__lt=now)


class Job(models.Model):
    """One piece of work; the row is the truth, the broker's message only says that there is something to look at.

    `key` names the effect, so that asking twice is one job. A worker holds a job until `lease_until`; when it dies the
    lease runs out and the job goes back. `planned_at` never moves, `due_at` is the moment of the next attempt.
    """

    name = models.CharField(_("任务"), max_length=60)
    key = models.CharField(max_length=200, unique=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    planned_at = models.DateTimeField(_("计划时间"))
    due_at = models.DateTimeField(_("执行时间"))
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    lease_owner = models.CharField(max_length=36, blank=True)
    lease_until = models.DateTimeField(null=True)
    progress = models.PositiveSmallIntegerField(_("进度"), default=0)
    result = models.CharField(_("结果"), max_length=400, blank=True)
    error = models.TextField(_("错误"), blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(_("完成时间"), null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台任务")
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="queued"), name="job_next"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_leased"),
            models.Index(fields=["name", "-planned_at"], name="job_history"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="job_runs_under_lease"
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_in_percent"),
        ]

    def __str__(self) -> str:
        return self.key


class Plan(models.Model):
    """Up to which moment the runs of one timed job have been planned."""

    code = models.CharField(max_length=60, unique=True)
    planned_until = models.DateTimeField()


class Pulse(models.Model):
    """When a part of the machinery was last seen working: the broker, the tick."""

    name = models.CharField(max_length=20, unique=True)
    ok = models.BooleanField(default=True)
    at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
