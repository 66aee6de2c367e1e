"""Filters of ledgers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, reduce
from hashlib import sha256
from operator import or_
from typing import Any

import django_filters
from django import forms
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.widgets import DateRangeWidget

from brigade.kit.forms import DayInput
from brigade.search.queries import narrowed


class Search(django_filters.CharFilter):
    """What is typed, looked for in the search index; of a ledger whose rows have no entry there, in `fields`.

    `some` reads keys of rows that it asks for, where they are too many to be taken by key.
    """

    def __init__(self, *fields: str, **kwargs: Any):
        kwargs = {
            "label": gettext_lazy("搜索"),
            "max_length": 60,
            "widget": forms.TextInput(
                attrs={"type": "search", "data-key": "f", "data-key-label": gettext_lazy("在本页里找")}
            ),
        } | kwargs
        super().__init__(**kwargs)
        self.fields = fields
        self.some: Callable[[], list[Any]] | None = None

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        if not self.fields and hasattr(qs.model, "search_words"):
            found = narrowed(qs, value or "", self.parent.request.user)
            self.some = found.some
            return found.rows
        names = self.fields or ("search_text",)
        for word in (value or "").split()[:5]:
            qs = qs.filter(reduce(or_, (Q((f"{name}__icontains", word)) for name in names)))
        return qs


class UnitFilter(django_filters.ChoiceFilter):
    """A unit out of those that the user reaches with `perm`; choosing one takes in everything below it.

    `tree` offers those of one tree only: a ledger of branches has no use for offices. `field_name` is a key to units,
    or a bare number of one.
    """

    def __init__(self, *args: Any, perm: str, tree: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.perm, self.tree = perm, tree

    @cached_property
    def units(self) -> Any:
        """(id, name, path) of the units offered; a new name may take a minute to show."""
        ids = sorted(self.parent.request.user.units_for(self.perm))
        units = apps.get_model("org", "Unit").objects.filter(pk__in=ids)
        if self.tree:
            units = units.filter(tree=self.tree)
        key = f"ledgers.units:{self.tree}:{sha256(repr(ids).encode()).hexdigest()}"
        return cache.get_or_set(key, lambda: [(str(one.pk), str(one), one.path) for _, one in units.as_tree()], 60)

    @property
    def field(self) -> Any:
        self.extra["choices"] = [(pk, name) for pk, name, _path in self.units]
        return super().field

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        path = next((path for pk, _name, path in self.units if pk == value), "")
        below = apps.get_model("org", "Unit").objects.filter(path__startswith=path).values("pk")
        return qs.filter(**{f"{self.field_name}__in": below}) if path else qs


class DaysField(django_filters.fields.DateRangeField):
    def clean(self, value: Any) -> Any:
        days = super().clean(value)
        if days and any(day and not 1900 <= day.year <= 2100 for day in (days.start, days.stop)):
            raise ValidationError(_("年份不对，请核对。"))
        if days and days.start and days.stop and days.start > days.stop:
            raise ValidationError(_("起止日期颠倒了。"))
        return days


class DaysFilter(django_filters.DateFromToRangeFilter):
    """From one day to another, both included: `<name>_after` and `<name>_before` in the address."""

    field_class = DaysField

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, widget=DateRangeWidget(attrs=DayInput().attrs), **kwargs)


class LedgerFilters(django_filters.FilterSet):
    """Base of every ledger's filters: each control names itself, and is marked when it narrows the list."""

    @cached_property
    def form(self) -> forms.Form:
        """Made of the filters' own fields, not by a class that is built and copied for each page."""
        form = forms.Form(self.data)
        for name, one in self.filters.items():
            field = form.fields[name] = one.field
            attrs = field.widget.attrs
            attrs["aria-label"] = field.label
            if isinstance(field, forms.CharField):
                attrs["placeholder"] = field.label
            if isinstance(field, forms.NullBooleanField):
                words = {"what": field.label}
                field.widget.choices = [
                    ("", _("%(what)s不限") % words),
                    ("true", _("只看%(what)s") % words),
                    ("false", _("不看%(what)s") % words),
                ]
            if hasattr(field, "empty_label"):
                field.empty_label = _("全部%s") % field.label
        return form


def names_of(name: str, one: django_filters.Filter) -> set[str]:
    """The names under which a filter stands in the address: one of days has two."""
    return {f"{name}_after", f"{name}_before"} if isinstance(one, DaysFilter) else {name}
