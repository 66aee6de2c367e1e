"""The views that a ledger offers to a person, kept for a minute: each page of each ledger asks for them."""

from typing import Any

from django.core.cache import cache

from brigade.ledgers.models import SavedView


def saved_views(user: Any, listing: str, perm: str) -> list[SavedView]:
    """One's own views at once; what somebody else shares or drops may take a minute to show."""

    def offered() -> list[SavedView]:
        return list(SavedView.objects.offered_to(user, perm).filter(listing=listing).order_by("pk"))

    found: list[SavedView] | None = cache.get_or_set(_key(user, listing), offered, 60)
    return offered() if found is None else found


def forget_views(user: Any, listing: str) -> None:
    cache.delete(_key(user, listing))


def _key(user: Any, listing: str) -> str:
    return f"ledgers.views:{user.pk}:{listing}"
