"""What can be found at all, and whether all of it has its entry."""

from __future__ import annotations

from django.apps import apps
from django.db.models import CharField, Exists, Model, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Replace

from brigade.search import rules
from brigade.search.models import Entry


def findable() -> dict[str, type[Model]]:
    """Every kind of thing that can be found: whatever says by which words."""
    return {model._meta.label_lower: model for model in apps.get_models() if hasattr(model, "search_words")}


def missing(model: type[Model]) -> QuerySet:
    """Rows without an entry, or with one of an earlier edition."""
    key = Replace(Cast(OuterRef("pk"), CharField()), Value("-"), Value(""))
    kept = Entry.objects.filter(kind=model._meta.label_lower, edition=rules.EDITION, object_id=key)
    return model._base_manager.filter(~Exists(kept)).order_by("pk")


def is_complete(model: type[Model]) -> bool:
    """Whether every row has its entry, told by the counts: nothing is ever deleted."""
    kept = Entry.objects.filter(kind=model._meta.label_lower, edition=rules.EDITION)
    return kept.count() >= model._base_manager.count()
