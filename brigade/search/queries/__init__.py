"""Searching: over all kinds at once for the page, in one kind for a ledger.

The index only proposes; every row that is shown went through `visible_to` of its own kind. This room is a package: what
it offers stands here, by its part.
"""

from brigade.search.queries.finding import Group, find
from brigade.search.queries.narrowing import Narrowed, by_keys, narrowed
from brigade.search.queries.standing import findable, is_complete, missing

__all__ = ["Group", "Narrowed", "by_keys", "find", "findable", "is_complete", "missing", "narrowed"]
