"""What must be done, by whom and by when: one row a duty, derived from rules and records, never typed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from brigade.obligations.states import ObligationState
from brigade.org.models import Person, Unit


class Key(NamedTuple):
    """What makes an obligation unique."""

    rule: str
    kind: str
    subject: str
    period: str = ""


class ObligationQuerySet(models.QuerySet):
    def open(self) -> ObligationQuerySet:
        return self.filter(state=ObligationState.OPEN)

    def begun(self, now: datetime) -> ObligationQuerySet:
        """Those whose period has started: next month's duties are nobody's business yet."""
        return self.filter(opens_at__lte=now)

    def for_person(self, person: Person) -> ObligationQuerySet:
        return self.filter(duty_of(person))

    def for_others(self, person: Person) -> ObligationQuerySet:
        """All the rest, said row by row: compared with a list of his own, PostgreSQL takes minutes over a long one."""
        return self.exclude(duty_of(person))

    def visible_to(self, user: Person) -> ObligationQuerySet:
        """Those of the units that the user oversees, and his own."""
        mine = Q(person=user) | Q(unit__in=user.units_for("obligations.view_obligation"))
        for unit_id, role in user.posts:
            mine |= Q(unit_id=unit_id) & (Q(post=role) & ~Q(barred__contains=barring([user.pk])) | Q(helper=role))
        return self.filter(mine)

    def of_keys(self, keys: list[Key]) -> ObligationQuerySet:
        """The rows of `keys`, in key order: the order in which every writer locks them."""
        wanted = Q(pk__in=[])
        for rule, kind in sorted({(key.rule, key.kind) for key in keys}):
            same = [key for key in keys if (key.rule, key.kind) == (rule, kind)]
            wanted |= Q(
                rule=rule, kind=kind, subject__in={k.subject for k in same}, period__in={k.period for k in same}
            )
        return self.filter(wanted).order_by("rule", "kind", "subject", "period")


def duty_of(person: Person) -> Q:
    """What `person` has to do: named in it, or holder of its post or of its helper's on its unit."""
    mine = Q(person=person)
    for unit_id, role in person.posts:
        held = Q(person__isnull=True, post=role) & ~Q(barred__contains=barring([person.pk]))
        mine |= Q(unit_id=unit_id) & (held | Q(helper=role))
    return mine


def barring(people: Iterable[int]) -> str:
    """Ids of people as `barred` keeps them: /7//12/."""
    return "".join(f"/{pk}/" for pk in sorted(people))


class Obligation(models.Model):
    """One duty: a rule applied to a subject for a period (or a clock, period ''), owed by a unit's post.

    The person is looked up when the duty is chased, so a transfer hands it over; `person` is set only where the
    record itself names one. `helper` is the post that does the work for the responsible one, as a recorder does for his
    secretary: it stands in the lists of both, and is reminded of with them. `barred` are those who may not do it though
    they hold its post, as nobody reviews what he accepted himself: it is the duty of the others.
    """

    rule = models.CharField(_("依据"), max_length=32)
    kind = models.CharField(max_length=48)
    subject = models.CharField(max_length=36)
    period = models.CharField(_("期间"), max_length=10, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("责任单位"))
    post = models.CharField(_("责任岗位"), max_length=20, blank=True)
    helper = models.CharField(_("协办岗位"), max_length=20, blank=True)
    barred = models.CharField(_("须回避的人"), max_length=64, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("责任人"))
    title = models.CharField(_("事项"), max_length=160)
    state = models.CharField(_("状态"), max_length=8, choices=ObligationState.choices, default=ObligationState.OPEN)
    opens_at = models.DateTimeField(_("起"))
    warn_at = models.DateTimeField(_("预警"), null=True)
    due_at = models.DateTimeField(_("期限"))
    count = models.PositiveSmallIntegerField(_("已办"), default=0)
    needed = models.PositiveSmallIntegerField(_("应办"), default=1)
    met_kind = models.CharField(max_length=48, blank=True)
    met_id = models.CharField(max_length=36, blank=True)
    met_at = models.DateTimeField(_("办成时间"), null=True)
    reason = models.CharField(_("说明"), max_length=200, blank=True)
    provisional = models.BooleanField(_("暂算"), default=False)
    changed_at = models.DateTimeField()

    objects = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = _("应办事项")
        constraints = [
            models.UniqueConstraint(fields=["rule", "kind", "subject", "period"], name="obligation_key"),
            models.CheckConstraint(condition=Q(due_at__gte=F("opens_at")), name="obligation_due_after_opening"),
        ]
        indexes = [
            models.Index(fields=["unit", "post", "due_at"], condition=Q(state="open"), name="obligation_todo"),
            models.Index(fields=["person", "due_at"], condition=Q(state="open"), name="obligation_own"),
            models.Index(fields=["due_at"], condition=Q(state="open"), name="obligation_due"),
            models.Index(fields=["-due_at", "-id"], name="obligation_by_due"),
            models.Index(fields=["state", "-due_at", "-id"], name="obligation_by_state"),
            models.Index(fields=["rule", "period", "unit"]),
            models.Index(fields=["kind", "subject"]),
        ]

    def __str__(self) -> str:
        return self.title

    def is_warning(self, now: datetime) -> bool:
        return self.state == ObligationState.OPEN and self.warn_at is not None and self.warn_at <= now <= self.due_at


class Reminder(models.Model):
    """That a person was told of an obligation at a step of its ladder; once each."""

    obligation = models.ForeignKey(Obligation, models.CASCADE, related_name="reminders")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    step = models.CharField(max_length=24)
    due_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["obligation", "person", "step", "due_at"], name="reminded_once_a_step")
        ]
