"""`Sheet`: one ledger as one person asked for it, on screen and in a file alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Any

from django.apps import apps
from django.core.cache import caches
from django.core.exceptions import EmptyResultSet
from django.db.models import Model, QuerySet
from django.db.models.functions import Length
from django.db.models.query import ValuesIterable
from django.http import QueryDict
from django.template import Context
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from brigade.kit import exporting
from brigade.ledgers.rules import BEYOND, CAP
from brigade.ledgers.tables.columns import DASH, cells_of, openings
from brigade.ledgers.tables.filters import Search, UnitFilter, names_of
from brigade.search.queries import by_keys
from brigade.search.rules import fingerprint


class Asker:
    """What a filter may know of the request, in a page and in the worker alike: who asks."""

    def __init__(self, user: Any):
        self.user = user


class Row:
    """What the columns read of one record: a page draws fifty, and whole records take half of its query's time."""

    def __init__(self, values: dict[str, Any]):
        self.__dict__ = values


@cache
def row_of(model: type[Model]) -> type[Row]:
    """Rows of one model: they know where their record stands."""
    own = {"_meta": model._meta}
    if hasattr(model, "get_absolute_url"):
        own["get_absolute_url"] = model.get_absolute_url
    return type(f"{model.__name__}Row", (Row,), own)


class Rows(ValuesIterable):
    """Yields the rows of a query of `values`."""

    def __iter__(self) -> Iterator[Row]:
        return map(row_of(self.queryset.model), super().__iter__())


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
        self.rows, self.filterset = rows, listing.filterset
        self.names = {name: names_of(name, one) for name, one in self.filterset.base_filters.items()}
        self.asked = [name for name, own in self.names.items() if own & query.keys()]
        asked = query.get("sort", "")
        name = asked.removeprefix("-")
        self.sorted_by = next((cell for cell in self.all_cells if cell.sort and cell.name == name), None)
        self.is_descending = asked.startswith("-")

    @cached_property
    def filters(self) -> Any:
        """All filters with their controls; a page that asks for none, its controls drawn lately, goes without."""
        filters = self.filterset(self.query, queryset=self.rows, request=Asker(self.user))
        for name in self.asked:
            if self._word(filters.form.fields[name], filters.form[name].data):
                attrs = filters.form.fields[name].widget.attrs
                attrs["class"] = f"{attrs.get('class', '')} set".strip()
        return filters

    @cached_property
    def errors(self) -> list[str]:
        if not self.asked:
            return []
        form = self.filters.form
        return [f"{form[name].label}：{error}" for name, errors in form.errors.items() for error in errors]

    @cached_property
    def queryset(self) -> QuerySet:
        """Rows in order; none at all while a filter cannot be understood, rather than more than were asked for."""
        if self.errors:
            return self.rows.none()
        order = self.order
        if self.sorted_by:
            turn = self.is_descending
            order = tuple(f"-{path}" if turn else path for path in self.sorted_by.sort)
        last = order[-1].removeprefix("-")
        tie = () if last in ("pk", "id") else ("-pk" if order[0].startswith("-") else "pk",)
        return (self.filters.qs if self.asked else self.rows).order_by(*order, *tie)

    @cached_property
    def records(self) -> QuerySet:
        """The rows with what the chosen columns read and nothing else; whole ones where a column needs that."""
        if any(cell.reads is None for cell in self.cells):
            return self.queryset
        paths: set[str] = {"pk"}.union(*(cell.reads or () for cell in self.cells))
        rows = self.queryset.select_related(None).values(*paths, *self.queryset.query.annotations)
        rows._iterable_class = Rows
        return rows

    @cached_property
    def total(self) -> int:
        """How many rows there are, at most one more than `CAP`: nobody waits for the rest to be counted.

        Of a word that stands in many rows some are counted by key first: to meet so many in the rows may take long.
        Rows beyond `CAP` do not go away in a moment: that they are so many holds for a while.
        """
        rows = self.queryset.order_by().values("pk")
        try:
            asked = str(rows.query.sql_with_params())
        except EmptyResultSet:
            return 0
        kept, key = caches["template_fragments"], f"ledgers.beyond:{fingerprint(asked)}"
        if key in kept:
            return CAP + 1
        total = self._counted(rows)
        if total > CAP:
            kept.set(key, True, BEYOND.total_seconds())
        return total

    def _counted(self, rows: QuerySet) -> int:
        for some in self._known:
            keys = some()
            if (count := by_keys(rows, keys).count()) > CAP or len(keys) <= CAP:
                return count
        return rows[: CAP + 1].count()

    @property
    def _known(self) -> list[Callable[[], list[Any]]]:
        """What reads keys of the rows that the search field asks for, if it asks for more than are taken by key."""
        if not self.asked or self.errors:
            return []
        found = (one.some for one in self.filters.filters.values() if isinstance(one, Search))
        return [some for some in found if some]

    @cached_property
    def conditions(self) -> list[tuple[str, str]]:
        """The filters that narrow the list, in words."""
        imported = [(_("范围"), _("这次导入的"))] if self.query.get("imported") else []
        return imported + [(str(self.filters.form[name].label), text) for name, text in self.narrowing]

    @cached_property
    def narrowing(self) -> list[tuple[str, str]]:
        """(name, value in words) of the filters that narrow the list; none while one cannot be understood."""
        if not self.asked or self.errors:
            return []
        form = self.filters.form
        worded = ((name, self._word(form.fields[name], form.cleaned_data[name])) for name in self.asked)
        return [(name, text) for name, text in worded if text]

    @cached_property
    def narrowed(self) -> set[str]:
        """Names of the filters that have a value, understood or not."""
        fields = ((name, self.filters.form[name]) for name in self.asked)
        return {name for name, field in fields if self._word(field.field, field.data)}

    @property
    def conditions_text(self) -> str:
        return "，".join(f"{label}：{text}" for label, text in self.conditions) or _("全部")

    @property
    def unit_name(self) -> str:
        """The unit that a file speaks for: the one filtered by, else the topmost that the user reaches."""
        kinds = self.filterset.base_filters
        picked = [label for name, label in self.narrowing if isinstance(kinds[name], UnitFilter)]
        if picked:
            return picked[0]
        units = apps.get_model("org", "Unit").objects.filter(pk__in=self.user.units_for(self.permission))
        return str(units.order_by(Length("path"), "order").first() or "")

    @cached_property
    def own_names(self) -> set[str]:
        """Under what names of the address this sheet is told what it shows."""
        return {"sort", "columns", "all", "imported"}.union(*self.names.values())

    def kept(self, *others: str) -> QueryDict:
        """What of the address makes this sheet: filters, sorting and columns, without empty or foreign parts.

        `others` names what shall stay besides.
        """
        own = {*self.own_names, *others}
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

    def drawn(self, records: list[Model]) -> SafeString:
        """The rows of a page as HTML, all seen from one moment."""
        cells = [(*openings(cell, self.cells), cell.show) for cell in self.cells]
        now = Context({"now": timezone.localtime()})
        rows = []
        for record in records:
            rows.append("<tr>")
            for filled, empty, show in cells:
                text = show(record, now)
                rows += (empty if text is DASH else filled, text, "</td>")
            rows.append("</tr>\n")
        return mark_safe("".join(rows))  # noqa: S308 - each cell is safe

    def columns(self) -> list[exporting.Column]:
        return [exporting.Column(cell.label, cell.width, cell.kind) for cell in self.cells]

    def values(self, limit: int | None = None) -> Iterator[list[Any]]:
        """The cells of every row for a file, read in chunks."""
        getters = [cell.value for cell in self.cells]
        rows = self.records if limit is None else self.records[:limit]
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
