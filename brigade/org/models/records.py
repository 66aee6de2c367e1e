"""The abstract record that every domain extends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from brigade.kit.addresses import record_address
from brigade.kit.ids import new_id
from brigade.org.models.changes import Station
from brigade.org.models.people import Person
from brigade.org.models.units import Unit
from brigade.org.models.versions import Versioned


class RecordQuerySet(models.QuerySet):
    """Base of every record's queryset; a domain overrides `visible_to` only to widen it to one's own records."""

    def visible_to(self, user: Person) -> RecordQuerySet:
        label = self.model._meta
        return self.filter(unit__in=user.units_for(f"{label.app_label}.view_{label.model_name}"))


class Record(Versioned):
    """Something that was done, entered once: it has a unit, a number, a life cycle and an address.

    Written only by `brigade.workflow`; `kind` and the id together name it everywhere else.
    """

    SENSITIVE: frozenset[str] = frozenset()
    OPEN: frozenset[str] = frozenset()
    """States in which somebody still has something to do: such a record goes along when its unit goes into another."""
    ANSWERING: tuple[str, ...] = ("unit",)
    """Columns that name a unit with something to do about an open record; each goes along."""
    READERS_IN_ROWS = False
    """Its own readers stand in child rows alone: a move that writes none leaves them as they are."""
    LOCKED_WITH: tuple[str, ...] = ("unit",)
    """What is read in one statement with the record that a move locks; a kind adds what its words are made of."""
    state_before: str
    """Where a record comes back to; a kind with a move that goes back keeps it in a column."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    number = models.CharField(_("编号"), max_length=40, blank=True)
    title = models.CharField(_("标题"), max_length=120)
    state = models.CharField(_("状态"), max_length=24)
    search_text = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("登记人"))
    is_synthetic = models.BooleanField(_("演示数据"), default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @classmethod
    def kind(cls) -> str:
        return cls._meta.label_lower

    def get_absolute_url(self) -> str:
        return record_address(f"{self._meta.app_label}:{self._meta.model_name}_detail", self.pk)

    @cached_property
    def stations(self) -> list[tuple[date, int]]:
        """(until, unit) of where it stood before it came to its unit, oldest first; what was never changed stood
        nowhere else."""
        rows = Station.objects.filter(record=self.pk).order_by("until")
        return list(rows.values_list("until", "unit")) if self.version > 1 else []

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        """Who else may read it, and why: whoever a wider `visible_to` lets in beside the grants on its unit."""
        return ()

    def reading_units(self) -> Iterable[int]:
        """Ids of the units whose readers see it: its own; a slice whose `visible_to` lets others in names them too."""
        return (self.unit_id,)

    def search_words(self) -> Iterable[str]:
        """What the record can be found by; the door enters it into the search. A person's name is given as a
        `kit.searching.Name`; of a sealed field only the tail: the whole value is found by its blind index.
        """
        return (self.title, self.number)
