"""What is valid from one day up to another."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class IntervalQuerySet(models.QuerySet):
    """Rows valid from `start_on` up to but not including `end_on`."""

    def on(self, day: date) -> IntervalQuerySet:
        return self.filter(Q(end_on__isnull=True) | Q(end_on__gt=day), start_on__lte=day)

    def touching(self, first: date, last: date) -> IntervalQuerySet:
        """Valid on at least one day from `first` to `last`, both included."""
        return self.filter(Q(end_on__isnull=True) | Q(end_on__gt=first), start_on__lte=last)


class Interval(models.Model):
    """Valid from `start_on` up to but not including `end_on`."""

    start_on = models.DateField(_("起"))
    end_on = models.DateField(_("止"), null=True, blank=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_valid(self, day: date) -> bool:
        return self.start_on <= day and (self.end_on is None or self.end_on > day)


def ends_after_start(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(end_on__isnull=True) | Q(end_on__gt=F("start_on")), name=name)
