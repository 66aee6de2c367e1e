"""Columns of ledgers, and `Cell`: a column made ready once for all rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from html import escape
from typing import Any

import django_tables2
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.template import Context
from django.utils.html import conditional_escape, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from brigade.kit.templatetags import ui

DASH = SafeString(ui.NOTHING)
BLANK = Context()
LEAD = 24
"""From this width on a column can lead its row on a phone; where none is so wide, the first one that holds words."""


class Column(django_tables2.Column):
    """A column: label, kind and choices come from the model's field; `orderable=True` needs an index that serves it.

    `visible=False` leaves it out until it is chosen. `css`: code, num, fit. `small` names a second, grey line.
    """

    css = ""
    kind = ""
    parts: tuple[str, ...] = ()
    """What of a related row is shown; the first one goes into a file."""
    reads: tuple[str, ...] | None = None
    """What its renderer reads of the record besides; unknown where nobody says so."""

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
        self.reads = (*([warn] if warn else ()), *(["state"] if running else ()))

    def render(self, value: Any, record: Any, context: Context) -> Any:
        over = bool(self.running) and record.state not in self.running
        return ui.due(context, value, getattr(record, self.warn) if self.warn else None, over=over)


class PersonColumn(Column):
    """A person by name, the police number in the tip."""

    css = "fit"
    parts = ("name", "police_no")

    def render(self, parts: list[str]) -> Any:
        return ui.named(*parts)


@dataclass(frozen=True)
class Cell:
    """A column made ready once: `show` gives the HTML of a record on a page, `value` what goes into a file."""

    name: str
    label: str
    kind: str
    width: int
    css: str
    sort: tuple[str, ...]
    shown: bool
    reads: frozenset[str] | None
    """Paths of all that it reads of a record; None where only a whole record will do."""
    show: Callable[[Model, Context], str]
    value: Callable[[Model], Any]


def reader(path: str) -> Callable[[Any], Any]:
    """Reads what stands at the path from a record: a value that was fetched under that very name, or step by step.

    Nothing on the way is nothing at the end.
    """
    steps = path.split("__")

    def read(record: Any) -> Any:
        if path in record.__dict__:
            return record.__dict__[path]
        for name in steps:
            record = getattr(record, name, None)
            if record is None:
                return None
        return record() if callable(record) else record

    return read


def plain(value: Any, context: Context) -> str:
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
        return f"{ui.day_text(at, ui.now_of(context))} {ui.clock_text(at)}"
    if isinstance(value, date):
        return ui.day(context, value)
    return str(conditional_escape(value))


KINDS = {"DateField": "date", "DateTimeField": "moment", "DecimalField": "number", "FloatField": "number"}
CSS = {"integer": "num", "number": "num", "percent": "num", "date": "fit", "moment": "fit"}
WIDTHS = {"text": 18, "id": 22, "moment": 17}


def kind_of(field: Field | None) -> str:
    if field is None or field.is_relation or field.choices:
        return "text"
    name = field.get_internal_type()
    return "integer" if "Integer" in name else KINDS.get(name, "text")


Gives = dict[str, Callable[[Any, Model, Context], Any]]


def called(method: Callable | None, gives: Gives) -> Callable[[Any, Model, Context], Any] | None:
    """A renderer of a table, handed those of `gives` that it names; nothing where there is none."""
    if method is None:
        return None
    asked = [gives[key] for key in inspect.signature(method).parameters]
    return lambda value, record, context: method(*[give(value, record, context) for give in asked])


def ready(name: str, column: django_tables2.Column, table: django_tables2.Table, model: type[Model]) -> Cell:
    """Look everything up once that does not depend on the record: field, choices, renderers and what they ask for."""
    path = str(column.accessor or name)
    field = field_of(model, path)
    words = {key: str(word) for key, word in field.flatchoices} if field is not None and field.choices else {}
    kind = getattr(column, "kind", "") or kind_of(field)
    small = getattr(column, "small", "")
    below = reader(small)
    parts = [f"{path}__{part}" for part in getattr(column, "parts", ())]
    read_parts = [reader(part) for part in parts]
    raw = read_parts[0] if parts else reader(path)

    def chosen(record: Model) -> Any:
        value = raw(record)
        return words.get(value, value)

    worded = chosen if words else raw

    gives: Gives = {
        "value": lambda value, record, context: value,
        "raw": lambda value, record, context: raw(record),
        "parts": lambda value, record, context: [read(record) for read in read_parts],
        "record": lambda value, record, context: record,
        "context": lambda value, record, context: context,
    }
    own = column.render if type(column).render is not django_tables2.Column.render else None
    method = getattr(table, f"render_{name}", own)
    render = called(method, gives)
    empties, is_linked = column.empty_values, bool(column.link)
    is_own = column.link is not None and column.link.url is None and not column.link.reverse_args

    def address(record: Any, value: Any) -> str:
        return record.get_absolute_url() if is_own else column.link.compose_url(record=record, value=value)

    def show(record: Model, context: Context) -> str:
        value = worded(record)
        if value in empties:
            text = DASH
        else:
            text = plain(render(value, record, context) if render else value, context)
            if is_linked:
                text = f'<a href="{escape(address(record, value))}">{text}</a>'
        second = below(record) if small else ""
        return f"{text}<small>{escape(str(second))}</small>" if second else text

    def bare(record: Model) -> str:
        return strip_tags(show(record, BLANK))

    filed = called(getattr(table, f"value_{name}", None), gives)
    value = (lambda record: filed(worded(record), record, BLANK)) if filed else None
    if value is None and field is None and not hasattr(model, path.partition("__")[0]) and render:
        value = bare
    sort = tuple(column.order_by or (path,)) if column.orderable is True else ()
    css = getattr(column, "css", "") or CSS.get(kind, "")
    label = str(column.verbose_name or (field.verbose_name if field is not None else name))
    width = getattr(column, "width", 0) or WIDTHS.get(kind, 12)
    reads = reads_of(model, column, parts or [path], method) if is_own or not column.link else None
    return Cell(name, label, kind, width, css, sort, column.visible, reads, show, value or worded)


def field_of(model: type[Model], path: str) -> Field | None:
    try:
        return django_tables2.A(path).get_field(model)
    except FieldDoesNotExist:
        return None


def reads_of(
    model: type[Model], column: django_tables2.Column, paths: list[str], method: Callable | None
) -> frozenset[str] | None:
    """Paths of the fields that a column reads. None where only a whole record will do: its renderer is handed the
    record, or it shows what the model makes of it. What the rows are annotated with comes along by itself.
    """
    known = getattr(column, "reads", None)
    if known is None and method is not None and "record" in inspect.signature(method).parameters:
        return None
    paths = [*paths, *filter(None, [getattr(column, "small", "")]), *(known or ())]
    fields = {path: field_of(model, path) for path in paths}
    if any(hasattr(model, path) or "__" in path for path, field in fields.items() if field is None):
        return None
    if any(field.is_relation for field in fields.values() if field is not None):
        return None
    return frozenset(path for path, field in fields.items() if field is not None)


@lru_cache(None)
def cells_of(table: type[django_tables2.Table], model: type[Model]) -> tuple[Cell, ...]:
    """The columns of a table, made ready; renderers therefore depend on the record and the page's moment alone."""
    instance = table([])
    return tuple(ready(name, column, instance, model) for name, column in table.base_columns.items())


def openings(cell: Cell, cells: list[Cell]) -> tuple[str, str]:
    """The tags that open a cell and an empty one. On a phone a row stands as a block: there `topic` has a line of its
    own, numbers and days bring the name of their column along, and `none` is left out.
    """
    texts = [one for one in cells if one.kind == "text" and not one.css]
    wide = [one for one in texts if one.width >= LEAD]
    css = [cell.css] * bool(cell.css) + ["topic"] * (cell in (wide or texts)[:1])
    is_labelled = cell.css == "num" or cell.kind in ("date", "moment")
    label = f' data-label="{escape(str(cell.label))}"' if is_labelled else ""
    filled = f' class="{" ".join(css)}"' if css else ""
    return f"<td{filled}{label}>", f'<td class="{" ".join([*css, "none"])}"{label}>'
