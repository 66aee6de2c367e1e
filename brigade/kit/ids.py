"""Identifiers of records."""

import uuid

from uuid_utils import compat


def new_id() -> uuid.UUID:
    """A UUIDv7: ids minted later sort later, so indexes stay dense; they order pages only, never a queue."""
    return compat.uuid7()
