"""What two people may change at the same time."""

from __future__ import annotations

from django.db import models

from brigade.audit.queries import Edit, last_edits

MOST_EDITS = 50
"""Of how many changes since a page was opened it is said who made them."""


class Versioned(models.Model):
    """What two people may change at the same time: `version` counts its changes, `edits_since` says who made them.

    Their changes are put together on the form (kit/merging.py); what is older than the last one is refused.
    """

    CHANGED_BY: frozenset[str] = frozenset()
    """Verbs of the trail that count the version up; of a record, its moves."""

    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    def edits_since(self, version: int) -> list[Edit]:
        """What was done to it since it was read as `version`, newest first."""
        return last_edits(self.told_of(), min(max(self.version - version, 0), MOST_EDITS), self.CHANGED_BY)

    def told_of(self) -> models.Model:
        """Under what the trail keeps its changes."""
        return self
