"""What is valid from a day on, until another."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DatedQuerySet(models.QuerySet):
    """Rows valid from `starts_on` up to but not including `ends_on`."""

    def on(self, day: date) -> DatedQuerySet:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)


class Dated(models.Model):
    """Valid from `starts_on` up to but not including `ends_on`; equal days mean: taken back on the day it was made."""

    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"), null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_valid(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or self.ends_on > day)
