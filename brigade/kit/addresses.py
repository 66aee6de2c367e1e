"""Addresses inside the portal; what does not change between two requests is worked out once a process."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.urls import get_script_prefix, reverse

STAND_INS: dict[type, Any] = {UUID: UUID(int=10**38), int: 10**18}
"""For each kind of id one that no row has."""

KEPT = 1024
"""A prefix may come with the request, so not every one is kept."""


def address_of(view: str) -> str:
    """Where a page without further parts is."""
    return _whole(view, get_script_prefix())


def record_address(view: str, pk: Any) -> str:
    """Where the page of one row is. `reverse` takes as long as the rest of a table's row, and a ledger has fifty."""
    stand_in = STAND_INS.get(type(pk))
    if stand_in is None:
        return reverse(view, args=[pk])
    before, after = _around(view, stand_in, get_script_prefix())
    return f"{before}{pk}{after}"


@lru_cache(KEPT)
def _whole(view: str, prefix: str) -> str:
    return reverse(view)


@lru_cache(KEPT)
def _around(view: str, stand_in: Any, prefix: str) -> tuple[str, str]:
    """What stands before and after the id below that prefix."""
    before, _pk, after = reverse(view, args=[stand_in]).partition(str(stand_in))
    return before, after
