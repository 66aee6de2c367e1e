"""What an audit row may show, how its digest comes about, and the triggers that keep it as it is. Pure."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

from brigade.audit.models import AuditEvent, Seal
from brigade.kit.crypto import sm3
from brigade.kit.text import strip_unsafe

GRANTS: dict[str, tuple[str, ...]] = {"audit.view_auditevent": ("audit_admin",)}

MASK = "***"
ALWAYS_MASKED = ("id_no", "phone", "plate", "mobile", "password", "secret", "token")


# Masking


def is_sensitive(name: str, sensitive: Collection[str] = ()) -> bool:
    """Whether a field's value is never shown: listed by its model, or named for what it holds (`owner_phone`).

    Whole words count: `template` holds no plate.
    """
    return name in sensitive or any(f"_{word}_" in f"_{name.lower()}_" for word in ALWAYS_MASKED)


def masked(changes: Mapping[str, Any], sensitive: Collection[str] = ()) -> dict[str, Any]:
    """The changes as they may be kept: JSON values only, sensitive ones hidden at whatever depth."""
    return {
        strip_unsafe(str(name)): _hidden(value) if is_sensitive(str(name), sensitive) else _plain(value, sensitive)
        for name, value in changes.items()
    }


def _hidden(value: Any) -> Any:
    """That there was a value is shown, and that there was none; never which."""
    if isinstance(value, (list, tuple)):
        return [_hidden(part) for part in value]
    return value if value is None or value == "" else MASK


def _plain(value: Any, sensitive: Collection[str]) -> Any:
    match value:
        case None | bool():
            return value
        case Enum():
            return _plain(value.value, sensitive)
        case int():
            return int(value)
        case str():
            return strip_unsafe(value)
        case Mapping():
            return masked(value, sensitive)
        case set() | frozenset():
            return sorted((_plain(part, sensitive) for part in value), key=str)
        case datetime():
            return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
        case date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case list() | tuple():
            return [_plain(part, sensitive) for part in value]
    return strip_unsafe(str(value))


# Digests

DIGESTED = (
    "at", "actor_id", "actor_no", "actor_name", "unit_id", "verb", "target_type", "target_id", "target_number",
    "target_title", "sentence", "changes_text", "note", "result", "request_id", "ip", "terminal",
)  # fmt: skip
"""The columns that a digest covers, in its order. It cannot cover the id, which the insert gives: the seal does."""


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest_of(values: Sequence[Any]) -> str:
    """SM3 of an event's values in the order of `DIGESTED`, the same from memory and from either database."""
    at, *rest = values
    return sm3(canonical(["v1", _moment(at) if at else "", *rest]).encode()).hex()


def digest_of_event(event: AuditEvent) -> str:
    return digest_of([getattr(event, name) for name in DIGESTED])


def digests_line(pairs: Iterable[tuple[int, str]]) -> str:
    """What a seal keeps of its events: `id:digest`, in order of id."""
    return " ".join(f"{pk}:{digest}" for pk, digest in pairs)


def digests_of(seal: Seal) -> dict[int, str]:
    pairs = (part.split(":") for part in seal.digests.split())
    return {int(pk): digest for pk, digest in pairs}


def digest_of_seal(seal: Seal) -> str:
    return sm3(canonical(["v1", seal.n, seal.prev, _moment(seal.at), seal.count, seal.digests]).encode()).hex()


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


# Triggers: an event may be sealed once, a seal is final, nothing goes away

REFUSAL = "audit rows are final"
EVENTS = AuditEvent._meta.db_table
SEALS = Seal._meta.db_table


def triggers(vendor: str) -> dict[str, str]:
    """Name of each trigger → the statement that makes it."""
    return _sqlite_triggers() if vendor == "sqlite" else _postgresql_triggers()


def functions() -> dict[str, str]:
    """Name of each PostgreSQL trigger function → its body."""
    refuse = f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';"
    return {
        "audit_refuse": f"BEGIN {refuse} END",
        "audit_seal_only": (
            f"DECLARE before_seal {EVENTS}; BEGIN before_seal := NEW; before_seal.seal := NULL;"
            " IF OLD.seal IS NULL AND NEW.seal IS NOT NULL AND before_seal IS NOT DISTINCT FROM OLD"
            f" THEN RETURN NEW; END IF; {refuse} END"
        ),
    }


def _sqlite_triggers() -> dict[str, str]:
    columns = [field.column for field in AuditEvent._meta.concrete_fields if field.column != "seal"]
    same = " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in columns)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    # INSERT OR REPLACE removes the old row without a delete trigger: only the insert itself can be refused.
    taken = "EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
    conditions = {
        (EVENTS, "insert"): f"NEW.seal IS NOT NULL OR {taken.format(table=EVENTS, key='id')}",
        (EVENTS, "update"): f"NOT (OLD.seal IS NULL AND NEW.seal IS NOT NULL AND {same})",
        (EVENTS, "delete"): "1",
        (SEALS, "insert"): taken.format(table=SEALS, key="n"),
        (SEALS, "update"): "1",
        (SEALS, "delete"): "1",
    }
    return {
        f"{table}_{event}": f"CREATE TRIGGER {table}_{event} BEFORE {event.upper()} ON {table} WHEN {when} {refuse}"
        for (table, event), when in conditions.items()
    }


def _postgresql_triggers() -> dict[str, str]:
    row, statement = "FOR EACH ROW EXECUTE FUNCTION", "FOR EACH STATEMENT EXECUTE FUNCTION"
    bodies = {
        f"{EVENTS}_insert": f"BEFORE INSERT ON {EVENTS} FOR EACH ROW WHEN (NEW.seal IS NOT NULL)"
        " EXECUTE FUNCTION audit_refuse()",
        f"{EVENTS}_update": f"BEFORE UPDATE ON {EVENTS} {row} audit_seal_only()",
        f"{EVENTS}_delete": f"BEFORE DELETE ON {EVENTS} {row} audit_refuse()",
        f"{EVENTS}_truncate": f"BEFORE TRUNCATE ON {EVENTS} {statement} audit_refuse()",
        f"{SEALS}_change": f"BEFORE UPDATE OR DELETE ON {SEALS} {row} audit_refuse()",
        f"{SEALS}_truncate": f"BEFORE TRUNCATE ON {SEALS} {statement} audit_refuse()",
    }
    return {name: f"CREATE TRIGGER {name} {body}" for name, body in bodies.items()}
