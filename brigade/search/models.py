"""What can be found: one row for each record, person and unit, with the tokens that lead to it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class TokensField(models.Field):
    """Tokens between blanks: PostgreSQL keeps them as a `tsvector`, SQLite as a text beside its full text table.

    They come from `kit.searching`, one by one, and are not parsed again by either database.
    """

    def db_type(self, connection: Any) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "array_to_tsvector(string_to_array(%s, ' '))" if connection.vendor == "postgresql" else "%s"


class Entry(models.Model):
    """One thing that can be found. Written by `actions.keep` only; the younger row has the higher id.

    `print` is a fingerprint of the tokens: what has not changed is not written again, and what an earlier way of making
    tokens has left behind is found.
    """

    kind = models.CharField(max_length=60)
    object_id = models.CharField(max_length=36)
    print = models.CharField(max_length=32)
    edition = models.PositiveSmallIntegerField()
    words = TokensField()

    class Meta:
        verbose_name = _("搜索索引")
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="entry_once")]
        indexes = [models.Index(fields=["kind", "-id"], name="entry_newest")]
