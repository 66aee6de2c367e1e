"""Figures computed from records: additive, rebuildable, never typed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from brigade.org.models import Unit


class Figure(models.Model):
    """One value of one indicator for one unit and day; `facet` splits it (a meeting kind, a service item).

    A ratio keeps its numerator in `value` and its denominator in `base`, so that any sum of rows is right.
    """

    indicator = models.CharField(max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    day = models.DateField()
    facet = models.CharField(max_length=24, blank=True)
    value = models.DecimalField(max_digits=14, decimal_places=2)
    base = models.DecimalField(max_digits=14, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("指标")
        constraints = [models.UniqueConstraint(fields=["indicator", "unit", "day", "facet"], name="figure_once_a_cell")]
        indexes = [models.Index(fields=["indicator", "day", "unit"])]


class Dirty(models.Model):
    """A cell to be computed again. Rows are only appended: two writers never meet, and a drain deletes what it read."""

    indicator = models.CharField(max_length=40, db_index=True)
    unit_id = models.BigIntegerField()
    day = models.DateField()


class DrainLock(models.Model):
    """One row an indicator, locked while it is drained, and when it was last drained."""

    indicator = models.CharField(max_length=40, primary_key=True)
    drained_at = models.DateTimeField(null=True)
