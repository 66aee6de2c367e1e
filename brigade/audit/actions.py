"""Writing the audit trail, sealing it, anchoring its head, and keeping the triggers in place."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.audit import queries, rules
from brigade.audit.models import AuditEvent, Seal
from brigade.audit.states import Result
from brigade.kit import context
from brigade.kit.text import strip_unsafe

VERBS = {"request.refused": gettext_lazy("访问或提交")}
SEAL_BATCH = 500


@dataclass(frozen=True)
class System:
    """The one who acts when nobody does: jobs, rules and imports by command."""

    pk: int | None = None
    name: str = "系统"
    police_no: str = ""
    is_system: bool = True
    is_authenticated: bool = True

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return True

    def __str__(self) -> str:
        return self.name


SYSTEM = System()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One event to be recorded; the fields are the arguments of `record`."""

    verb: str
    target: Any
    by: Any
    sentence: str = ""
    changes: Mapping[str, Any] | None = None
    note: str = ""
    result: str = Result.OK
    now: datetime | None = None


def record(
    verb: str,
    target: Any,
    *,
    by: Any,
    sentence: str = "",
    changes: Mapping[str, Any] | None = None,
    note: str = "",
    result: str = Result.OK,
    now: datetime | None = None,
) -> AuditEvent:
    """Write one event in the caller's transaction: one INSERT, no other query.

    `target` is a model instance or None, `by` a person, `SYSTEM` or None (nobody signed in). `changes` are shown with
    sensitive values masked. The event's sentence says 谁、何时、对什么、做了什么、结果; `sentence` replaces its middle
    (对什么、做了什么), which else is built from the target and the verb's label.
    """
    event = _event(
        Entry(verb=verb, target=target, by=by, sentence=sentence, changes=changes, note=note, result=result, now=now)
    )
    event.save(force_insert=True)
    return event


def record_many(entries: Iterable[Entry]) -> int:
    """Write many events, each exactly as `record` would, in few INSERTs; returns how many."""
    events = made(entries)
    AuditEvent.objects.bulk_create(events, batch_size=1000)
    return len(events)


def made(entries: Iterable[Entry]) -> list[AuditEvent]:
    """The events of what is about to happen, to be written in the transaction in which it does."""
    return [_event(entry) for entry in entries]


def _event(entry: Entry) -> AuditEvent:
    here, target, by = context.current(), entry.target, entry.by
    event = AuditEvent(
        at=entry.now or timezone.now(),
        actor_id=getattr(by, "pk", None),
        actor_no=_short(getattr(by, "police_no", ""), 16),
        actor_name=_short(getattr(by, "name", "") or _("未登录者"), 40),
        verb=entry.verb,
        note=strip_unsafe(str(entry.note)),
        result=str(entry.result),
        request_id=here.request_id,
        ip=here.ip,
        terminal=here.terminal,
    )
    if target is not None:
        event.unit_id = getattr(target, "unit_id", None)
        event.target_type = target._meta.label_lower
        event.target_id = str(target.pk)
        event.target_number = _short(getattr(target, "number", ""), 40)
        event.target_title = _short(getattr(target, "title", "") or target, 160)
    if entry.changes:
        sensitive = getattr(target, "SENSITIVE", ())
        event.changes_text = rules.canonical(rules.masked(entry.changes, sensitive))
    event.sentence = _sentence(event, strip_unsafe(str(entry.sentence)) or _what(event, target))
    event.digest = rules.digest_of_event(event)
    return event


def _short(value: Any, length: int) -> str:
    return strip_unsafe(str(value))[:length]


def _sentence(event: AuditEvent, what: str) -> str:
    """张三（012345）于2026年6月26日15:30对会议记录2026-003“六月主题党日”办理“确认”，结果：成功。"""
    sentence = queries.opening(event) + what.rstrip("。") + queries.outcome(event)
    note = event.note.rstrip("。")
    return _("%(sentence)s，说明：%(note)s。") % {"sentence": sentence, "note": note} if note else f"{sentence}。"


def _what(event: AuditEvent, target: Any) -> str:
    verb = queries.verb_label(event.verb)
    if target is None:
        return _("办理“%(verb)s”") % {"verb": verb}
    return _("对%(target)s“%(title)s”办理“%(verb)s”") % {
        "target": f"{target._meta.verbose_name}{event.target_number}",
        "title": event.target_title,
        "verb": verb,
    }


# Sealing


def seal_due(*, now: datetime) -> str:
    """Seal every event that is not sealed yet, in batches, each in a short transaction of its own. A timed job."""
    total = 0
    while sealed := _seal_batch(now):
        total += sealed
    return _("封存%(count)s条") % {"count": total}


def _seal_batch(now: datetime) -> int:
    try:
        with transaction.atomic():
            pairs = list(AuditEvent.objects.filter(seal=None).order_by("id").values_list("id", "digest")[:SEAL_BATCH])
            if not pairs:
                return 0
            last = queries.head()
            seal = Seal(
                n=last.n + 1 if last else 1,
                prev=last.digest if last else "",
                at=now,
                count=len(pairs),
                digests=rules.digests_line(pairs),
            )
            seal.digest = rules.digest_of_seal(seal)
            seal.save(force_insert=True)
            AuditEvent.objects.filter(pk__in=[pk for pk, _digest in pairs], seal=None).update(seal=seal.n)
    except IntegrityError:
        # Another process has just made this seal; the next run takes what is left.
        return 0
    return len(pairs)


def anchor_head(*, now: datetime) -> str:
    """Keep the head of the trail outside the database, one file a day, written once and never again. A timed job.

    Whoever rewrites the trail with all its seals is found out by the files; they belong on a medium that the
    database's administrator does not write.
    """
    seal_due(now=now)
    last = queries.head()
    if last is None:
        return _("还没有可留存的审计记录")
    path = queries.anchor_file(timezone.localtime(now).date().isoformat())
    if path.exists():
        return _("当日校验值已留存")
    Path(settings.AUDIT_ANCHOR_DIR).mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".part")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.write(f"{last.n} {last.digest} {now.isoformat()}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return _("留存第%(n)s批的校验值") % {"n": last.n}


# Triggers


def make_triggers(using: str = "default") -> None:
    """(Re)make the triggers; SQLite drops them whenever a migration rebuilds a table. Runs after each migration."""
    connection = connections[using]
    drop_triggers(using)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name, body in rules.functions().items():
                cursor.execute(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        for statement in rules.triggers(connection.vendor).values():
            cursor.execute(statement)


def drop_triggers(using: str = "default") -> None:
    """Lift the triggers, for a rebuild of the tables and for the tests that empty them."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name in rules.triggers(connection.vendor):
            table = rules.EVENTS if name.startswith(rules.EVENTS) else rules.SEALS
            on_table = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")
