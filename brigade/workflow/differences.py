"""What a write changed of a record's own columns, for the trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Field

from brigade.org.models import Record


def _columns(record: Record) -> Iterable[Field]:
    return (field for field in record._meta.concrete_fields if field.name not in {"version", "search_text"})


def values_of(record: Record) -> dict[str, Any]:
    """Each column but those that the door itself keeps, as it is stored."""
    return {field.name: getattr(record, field.attname) for field in _columns(record)}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}
