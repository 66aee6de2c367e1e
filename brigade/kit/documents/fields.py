"""What a Word form may name: its fields with their Chinese names, and values to try a template with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
EXAMPLE_LINES = 3
FILLER = "这段文字用来看内容很长时会不会撑坏版面，"


class Filling(TextChoices):
    """With what a template is tried."""

    EXAMPLE = "example", _("示例")
    EMPTY = "empty", _("空白")
    LONG = "long", _("最长")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. A template names it by `name` or by its label, which therefore is one word without signs.

    `lines` is how many lines a field of several lines has at the most; a line is text, or has `parts`. Of a `fixed` one
    there are always that many, so they may be named one by one: requirements[0]. `longest` is the number of signs that
    the longest text has; without it the longest is as long as the example.
    """

    name: str
    label: Text
    example: Any = ""
    longest: int = 0
    lines: int = 0
    fixed: bool = False
    parts: tuple[Field, ...] = ()
    required: bool = False

    def filled(self, filling: str) -> Any:
        """A value to try a template with."""
        if not self.lines:
            return self._one(filling)
        if self.fixed or filling == Filling.LONG:
            count = self.lines
        else:
            count = 0 if filling == Filling.EMPTY else min(self.lines, EXAMPLE_LINES)
        if self.parts:
            return [{part.name: part.filled(filling) for part in self.parts} for _n in range(count)]
        return [self._one(filling)] * count

    def _one(self, filling: str) -> Any:
        if filling == Filling.EMPTY:
            return ""
        if filling == Filling.LONG and self.longest:
            return (FILLER * (self.longest // len(FILLER) + 1))[: self.longest]
        return self.example


@dataclass(frozen=True, slots=True)
class WordForm:
    """A Word form that the brigade can replace; a slice lists its own in `documents.FORMS`."""

    code: str
    group: Text
    label: Text
    template: Path
    """The built-in one."""
    fields: tuple[Field, ...]

    def filled(self, filling: str) -> dict[str, Any]:
        return {field.name: field.filled(filling) for field in self.fields}


def by_name(fields: Iterable[Field]) -> dict[str, Field]:
    """The fields by both names that a template may use."""
    return {name: field for field in fields for name in (field.name, str(field.label))}


def with_labels(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by both names."""
    found = dict(values)
    for field in fields:
        if field.name in found:
            value = found[field.name]
            if field.parts:
                value = [with_labels(field.parts, line) for line in value]
            found[field.name] = found[str(field.label)] = value
    return found
