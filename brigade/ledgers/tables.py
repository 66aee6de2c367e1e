"""Columns and filters of ledgers, and `Sheet`: one ledger as one person asked for it, on screen and in a file alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache, reduce
from hashlib import sha256
from html import escape
from operator import or_
from typing import Any

import django_filters
import django_tables2
from django import forms
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.db.models.functions import Length
from django.http import QueryDict
from django.template import Context
from django.utils import timezone
from django.utils.html import conditional_escape, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.widgets import DateRangeWidget

from brigade.kit import exporting
from brigade.kit.forms import DayInput
from brigade.kit.templatetags import ui
from brigade.ledgers.rules import CAP

DASH = SafeString(ui.NOTHING)
BLANK = Context()


class Column(django_tables2.Column):
    """A column: label, kind and choices come from the model's field; `orderable=True` needs an index that serves it.

    `visible=False` leaves it out until it is chosen. `css`: code, num, fit. `small` names a second, grey line.
    """

    css = ""
    kind = ""

    def __init__(self, *args: Any, css: str = "", kind: str = "", width: int = 0, small: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.css, self.kind, self.width, self.small = css or self.css, kind or self.kind, width, small


class CodeColumn(Column):
    """A number of a record (编号): grey, unbroken, text in a workbook."""

    css, kind = "code", "id"


class StateColumn(Column):
    """A state: grey words as long as nothing is to be done; `tones` gives the others colour and icon."""

    css = "fit"

    def __init__(self, *args: Any, tones: dict[str, str] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.tones = tones or {}

    def render(self, value: Any, raw: Any) -> Any:
        return ui.state(self.tones[raw], value) if raw in self.tones else value


class DueColumn(Column):
    """A due time as the time that is left; `warn` names the field from which on it turns amber.

    `running`: the states in which the clock runs; in any other the day stands there without urgency.
    """

    css = "fit"

    def __init__(self, *args: Any, warn: str = "", running: Collection[str] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.warn, self.running = warn, running

    def render(self, value: Any, record: Any) -> Any:
        over = bool(self.running) and record.state not in self.running
        return ui.due(BLANK, value, reach(record, self.warn.split("__")) if self.warn else None, over=over)


class PersonColumn(Column):
    """A person by name, the police number in the tip."""

    css = "fit"

    def render(self, raw: Any) -> Any:
        return ui.person(raw)


class Search(django_filters.CharFilter):
    """Each word must be found in one of `fields`."""

    def __init__(self, *fields: str, **kwargs: Any):
        kwargs = {
            "label": gettext_lazy("搜索"),
            "max_length": 60,
            "widget": forms.TextInput(attrs={"type": "search"}),
        } | kwargs
        super().__init__(**kwargs)
        self.fields = fields or ("search_text",)

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        for word in (value or "").split()[:5]:
            qs = qs.filter(reduce(or_, (Q((f"{name}__icontains", word)) for name in self.fields)))
        return qs


class UnitFilter(django_filters.ChoiceFilter):
    """A unit out of those that the user reaches with `perm`; choosing one takes in everything below it.

    `field_name` is a key to units, or a bare number of one.
    """

    def __init__(self, *args: Any, perm: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.perm = perm

    @cached_property
    def units(self) -> Any:
        """(id, name, path) of the units offered; a new name may take a minute to show."""
        ids = sorted(self.parent.request.user.units_for(self.perm))
        units = apps.get_model("org", "Unit").objects.filter(pk__in=ids)
        key = f"ledgers.units:{sha256(repr(ids).encode()).hexdigest()}"
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

    def get_form_class(self) -> Any:
        form_class = super().get_form_class()
        for field in form_class.base_fields.values():
            attrs = field.widget.attrs
            attrs["aria-label"] = field.label
            if isinstance(field, forms.CharField):
                attrs["placeholder"] = field.label
            if hasattr(field, "empty_label"):
                field.empty_label = _("全部%s") % field.label
        return form_class


@dataclass(frozen=True)
class Cell:
    """A column made ready once: `show` gives the HTML of a record, `value` what goes into a file."""

    name: str
    label: Any
    kind: str
    width: int
    css: str
    sort: tuple[str, ...]
    shown: bool
    show: Callable[[Model], str]
    value: Callable[[Model], Any]


def reach(record: Any, path: list[str]) -> Any:
    """Follow attributes from the record; nothing on the way is nothing at the end."""
    for name in path:
        record = getattr(record, name, None)
        if record is None:
            return None
    return record() if callable(record) else record


def plain(value: Any) -> str:
    """A value as it reads on the screen: safe HTML."""
    if type(value) is str:
        return escape(value) if value else DASH
    if value is None or value == "":
        return DASH
    if isinstance(value, SafeString):
        return value
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        at = ui.local(value)
        return f"{ui.day_text(at, timezone.localtime())} {ui.clock_text(at)}"
    if isinstance(value, date):
        return ui.day(BLANK, value)
    return str(conditional_escape(value))


KINDS = {"DateField": "date", "DateTimeField": "moment", "DecimalField": "number", "FloatField": "number"}
CSS = {"integer": "num", "number": "num", "percent": "num", "date": "fit", "moment": "fit"}
WIDTHS = {"text": 18, "id": 18, "moment": 17}


def kind_of(field: Field | None) -> str:
    if field is None or field.is_relation or field.choices:
        return "text"
    name = field.get_internal_type()
    return "integer" if "Integer" in name else KINDS.get(name, "text")


def ready(name: str, column: django_tables2.Column, table: django_tables2.Table, model: type[Model]) -> Cell:
    """Look everything up once that does not depend on the record: field, choices, renderers and what they ask for."""
    accessor = column.accessor or django_tables2.A(name)
    path = accessor.split("__")
    try:
        field = accessor.get_field(model)
    except FieldDoesNotExist:
        field = None
    words = {key: str(word) for key, word in field.flatchoices} if field is not None and field.choices else {}
    kind = getattr(column, "kind", "") or kind_of(field)
    small = getattr(column, "small", "")
    below = small.split("__")

    def raw(record: Model) -> Any:
        return reach(record, path)

    def chosen(record: Model) -> Any:
        value = raw(record)
        return words.get(value, value)

    worded = chosen if words else raw

    def caller(method: Callable | None) -> Callable[[Model], Any] | None:
        if method is None:
            return None
        wanted = inspect.signature(method).parameters
        gives = {"value": worded, "raw": raw, "record": lambda record: record}
        asked = [(key, give) for key, give in gives.items() if key in wanted]
        return lambda record: method(**{key: give(record) for key, give in asked})

    own = type(column).render is not django_tables2.Column.render
    render = caller(getattr(table, f"render_{name}", column.render if own else None))

    is_own = column.link is not None and column.link.url is None and not column.link.reverse_args

    def address(record: Any, value: Any) -> str:
        return record.get_absolute_url() if is_own else column.link.compose_url(record=record, value=value)

    def show(record: Model) -> str:
        value = worded(record)
        empty = value in column.empty_values
        text = DASH if empty else plain(render(record) if render else value)
        if column.link and not empty:
            text = f'<a href="{escape(address(record, value))}">{text}</a>'
        second = reach(record, below) if small else ""
        return f"{text}<small>{escape(str(second))}</small>" if second else text

    def bare(record: Model) -> str:
        return strip_tags(show(record))

    value = caller(getattr(table, f"value_{name}", None))
    if value is None and field is None and not hasattr(model, path[0]) and render:
        value = bare
    sort = tuple(column.order_by or (str(accessor),)) if column.orderable is True else ()
    css = getattr(column, "css", "") or CSS.get(kind, "")
    label = column.verbose_name or (field.verbose_name if field is not None else name)
    width = getattr(column, "width", 0) or WIDTHS.get(kind, 12)
    return Cell(name, label, kind, width, css, sort, column.visible, show, value or worded)


@lru_cache(None)
def cells_of(table: type[django_tables2.Table], model: type[Model]) -> tuple[Cell, ...]:
    """The columns of a table, made ready; renderers therefore depend on the record alone."""
    instance = table([])
    return tuple(ready(name, column, instance, model) for name, column in table.base_columns.items())


class Asker:
    """What a filter may know of the request, in a page and in the worker alike: who asks."""

    def __init__(self, user: Any):
        self.user = user


class Sheet:
    """One ledger as one person asked for it: the rows in scope, filtered and sorted, and the columns chosen.

    Page, print and export all read it, so a file holds what the screen shows. Sorting is by declared columns only;
    what else is asked for falls back quietly to the ledger's own order. The primary key ends every order, so that a
    row never stands on two pages.
    """

    def __init__(self, listing: Any, rows: QuerySet, user: Any, query: QueryDict):
        self.query, self.order, self.user, self.permission = query, listing.order, user, listing.permission
        self.all_cells = cells_of(listing.table, rows.model)
        wanted = set(query.getlist("columns"))
        self.cells = [cell for cell in self.all_cells if cell.name in wanted] or [c for c in self.all_cells if c.shown]
        self.filters = listing.filterset(query, queryset=rows, request=Asker(user))
        for name in self.narrowed:
            attrs = self.filters.form.fields[name].widget.attrs
            attrs["class"] = f"{attrs.get('class', '')} set".strip()
        asked = query.get("sort", "")
        name = asked.removeprefix("-")
        self.sorted_by = next((cell for cell in self.all_cells if cell.sort and cell.name == name), None)
        self.is_descending = asked.startswith("-")

    @cached_property
    def errors(self) -> list[str]:
        form = self.filters.form
        return [f"{form[name].label}：{error}" for name, errors in form.errors.items() for error in errors]

    @cached_property
    def queryset(self) -> QuerySet:
        """Rows in order; none at all while a filter cannot be understood, rather than more than were asked for."""
        if self.errors:
            return self.filters.queryset.none()
        order = self.order
        if self.sorted_by:
            turn = self.is_descending
            order = tuple(f"-{path}" if turn else path for path in self.sorted_by.sort)
        last = order[-1].removeprefix("-")
        tie = () if last in ("pk", "id") else ("-pk" if order[0].startswith("-") else "pk",)
        return self.filters.qs.order_by(*order, *tie)

    @cached_property
    def total(self) -> int:
        """How many rows there are, at most one more than `CAP`: nobody waits for the rest to be counted."""
        return self.queryset.order_by().values("pk")[: CAP + 1].count()

    @cached_property
    def conditions(self) -> list[tuple[str, str]]:
        """The filters that narrow the list, in words."""
        form = self.filters.form
        if not form.is_valid():
            return []
        worded = ((form[name].label, self._word(form.fields[name], value)) for name, value in form.cleaned_data.items())
        return [(str(label), text) for label, text in worded if text]

    @cached_property
    def narrowed(self) -> set[str]:
        """Names of the filters that have a value."""
        form = self.filters.form
        return {name for name in form.fields if form.is_bound and self._word(form.fields[name], form[name].data)}

    @property
    def conditions_text(self) -> str:
        return "，".join(f"{label}：{text}" for label, text in self.conditions) or _("全部")

    @property
    def unit_name(self) -> str:
        """The unit that a file speaks for: the one filtered by, else the topmost that the user reaches."""
        form = self.filters.form
        own = [name for name, one in self.filters.filters.items() if isinstance(one, UnitFilter)]
        picked = [self._word(form.fields[name], form.cleaned_data.get(name)) for name in own]
        if any(picked):
            return next(filter(None, picked))
        units = apps.get_model("org", "Unit").objects.filter(pk__in=self.user.units_for(self.permission))
        return str(units.order_by(Length("path"), "order").first() or "")

    def kept(self, *others: str) -> QueryDict:
        """What of the address makes this sheet: filters, sorting and columns, without empty or foreign parts.

        `others` names what shall stay besides.
        """
        own = {"sort", "columns", *others}.union(
            *(names_of(field, name) for name, field in self.filters.form.fields.items())
        )
        kept = QueryDict(mutable=True)
        for name, values in self.query.lists():
            if name in own and any(values):
                kept.setlist(name, [value for value in values if value])
        return kept

    @property
    def layout(self) -> list[tuple[str, str]]:
        """What goes along when the filters change: sorting, columns and page size."""
        return [(name, value) for name in ("sort", "columns", "per") for value in self.query.getlist(name) if value]

    @property
    def filters_key(self) -> str:
        """What the controls above the table look like by: drawing them anew takes a fifth of a page's time."""
        return f"{self.kept().urlencode()} {self.layout}"

    @property
    def without_columns(self) -> list[tuple[str, str]]:
        """What goes along when the columns change."""
        kept = self.kept("per")
        return [(name, value) for name, values in kept.lists() if name != "columns" for value in values]

    def columns(self) -> list[exporting.Column]:
        return [exporting.Column(str(cell.label), cell.width, cell.kind) for cell in self.cells]

    def values(self, limit: int | None = None) -> Iterator[list[Any]]:
        """The cells of every row for a file, read in chunks."""
        getters = [cell.value for cell in self.cells]
        rows = self.queryset if limit is None else self.queryset[:limit]
        for record in rows.iterator(chunk_size=2000):
            yield [get(record) for get in getters]

    @staticmethod
    def _word(field: Any, value: Any) -> str:
        if value in (None, "", [], False) or value == [None, None]:
            return ""
        if isinstance(value, slice):
            days = [timezone.localtime(at).date().isoformat() if at else "" for at in (value.start, value.stop)]
            return "–".join(days)
        if isinstance(value, (list, tuple, QuerySet)):
            return "、".join(filter(None, (Sheet._word(field, one) for one in value)))
        choices = () if isinstance(value, Model) else getattr(field, "choices", ())
        words = {str(key): str(word) for key, word in choices}
        return words.get(str(value), _("是") if value is True else str(value))


def names_of(field: Any, name: str) -> set[str]:
    """The names under which a filter stands in the address: a range has two."""
    suffixes = getattr(field.widget, "suffixes", None)
    return {field.widget.suffixed(name, suffix) for suffix in suffixes} if suffixes else {name}
