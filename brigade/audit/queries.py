"""Reading the audit trail: what verbs are called, whether nothing was altered, whether the triggers stand."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import rules
from brigade.audit.models import AuditEvent, Seal
from brigade.audit.states import Result
from brigade.kit.discover import rooms


@cache
def verb_labels() -> dict[str, Any]:
    """Verb → what it is called: from every slice's `actions.VERBS`, `rules.VERBS`, and the labels of its moves."""
    labels: dict[str, Any] = {}
    for room in ("actions", "rules"):
        for module in rooms(room):
            for verb, label in getattr(module, "VERBS", {}).items():
                if verb in labels:
                    raise ImproperlyConfigured(f"{module.__name__}.VERBS: {verb!r} is declared twice")
                labels[verb] = label
    for module in rooms("moves"):
        for move in getattr(module, "MOVES", ()):
            labels.setdefault(move.audit, move.label)
    return labels


def verb_label(verb: str) -> str:
    return str(verb_labels().get(verb, verb))


def verbs_by_name() -> dict[str, list[str]]:
    """What an auditor picks from, name → verbs: a word that moves of several kinds of record share names the kind."""
    kinds = {move.audit: move.kind for module in rooms("moves") for move in getattr(module, "MOVES", ())}
    shared = Counter(str(label) for label in verb_labels().values())
    named: dict[str, list[str]] = defaultdict(list)
    for verb, label in verb_labels().items():
        name = str(label)
        if shared[name] > 1 and verb in kinds:
            name = f"{name}（{apps.get_model(kinds[verb])._meta.verbose_name}）"
        named[name].append(verb)
    return named


# Sentences


def opening(event: AuditEvent) -> str:
    """How an event's sentence begins: who, when."""
    local = timezone.localtime(event.at)
    return _("%(who)s于%(year)s年%(month)s月%(day)s日%(clock)s") % {
        "who": f"{event.actor_name}（{event.actor_no}）" if event.actor_no else event.actor_name,
        "year": local.year,
        "month": local.month,
        "day": local.day,
        "clock": f"{local:%H:%M}",
    }


def outcome(event: AuditEvent) -> str:
    """How it goes on after what was done."""
    return _("，结果：%s") % Result(event.result).label


def gist(event: AuditEvent) -> str:
    """The sentence without who, when and with what result, for a list that has columns of them.

    One that was altered, or written in other words, is told in full.
    """
    begin = opening(event)
    what, mark, rest = event.sentence.removeprefix(begin).rpartition(outcome(event))
    return what + rest if mark and event.sentence.startswith(begin) else event.sentence


@dataclass(frozen=True)
class Step:
    """One line of a record's history, as its page tells it."""

    at: datetime
    who: str
    sentence: str
    note: str


def history(
    target: Any, limit: int = 50, *, verbs: Collection[str] | None = None, since: datetime | None = None
) -> list[Step]:
    """What was done to a record, newest first. Whoever may open the record may read it; who was sent only a part of it
    reads that: only these `verbs`, only `since` then."""
    events = AuditEvent.objects.of(target).order_by("-at", "-id")
    if verbs is not None:
        events = events.filter(verb__in=verbs)
    if since is not None:
        events = events.filter(at__gte=since)
    events = events[:limit]
    return [Step(event.at, event.actor_name, _told(event), event.note) for event in events]


@dataclass(frozen=True)
class Edit:
    """One step that changed a record: when, by whom, which fields."""

    at: datetime
    who: str
    fields: frozenset[str]


def last_edits(target: Any, count: int, verbs: Collection[str] = ()) -> list[Edit]:
    """The last `count` times that something was changed by one of these verbs, newest first; a record, by its moves."""
    verbs = verbs or {move.audit for module in rooms("moves") for move in getattr(module, "MOVES", ())}
    events = AuditEvent.objects.of(target).filter(verb__in=verbs, result=Result.OK).order_by("-at", "-id")[:count]
    return [Edit(event.at, event.actor_name, frozenset(event.changes)) for event in events]


def _told(event: AuditEvent) -> str:
    label = verb_label(event.verb)
    return label if event.result == Result.OK else f"{label}，{event.get_result_display()}"


# Verification


@dataclass(frozen=True)
class Finding:
    """The first thing that is not as it was sealed: an event, or a seal when the chain itself is broken."""

    reason: str
    event_id: int | None = None
    seal: int | None = None

    def __str__(self) -> str:
        if self.event_id is not None:
            return _("审计记录第%(id)s号：%(reason)s") % {"id": self.event_id, "reason": self.reason}
        if self.seal is None:
            return self.reason
        return _("审计封存第%(n)s批：%(reason)s") % {"n": self.seal, "reason": self.reason}


@dataclass(frozen=True)
class Verdict:
    """What a verification found; `unsealed` events were checked by their own digest only."""

    ok: bool
    events: int
    seals: int
    unsealed: int
    first_bad: Finding | None = None

    def __str__(self) -> str:
        if self.first_bad:
            return str(self.first_bad)
        return _("审计记录%(events)s条、封存%(seals)s批，未发现改动。") % {"events": self.events, "seals": self.seals}


def verify() -> Verdict:
    """Walk the whole trail in constant memory and name the first altered row. Reads only."""
    try:
        return _walk()
    except ValueError:  # SQLite keeps in a column whatever is written there; what is no time cannot be read as one
        return Verdict(False, 0, 0, 0, _unreadable())


def _walk() -> Verdict:
    sealed = seals = unsealed = 0
    previous = ""
    anchors = _anchors()
    if broken := next((name for name, lines in anchors.items() if lines is None), None):
        reason = _("库外的校验值文件%(name)s被改过，读不出来。") % {"name": broken}
        return Verdict(False, 0, 0, 0, Finding(reason))
    kept = [line for line in anchors.values() if line is not None]
    for seal in Seal.objects.order_by("n").iterator(chunk_size=50):
        seals += 1
        bad = _bad_link(seal, seals, previous) or _bad_anchor(seal, kept) or _bad_event(seal)
        if bad:
            return Verdict(False, sealed, seals, 0, bad)
        sealed += seal.count
        previous = seal.digest
    if lost := min((n for n, _digest in kept if n > seals), default=None):
        return Verdict(False, sealed, seals, 0, Finding(_("库外存有它的校验值，库内已没有这一批。"), seal=lost))
    if bad := _stray(sealed):
        return Verdict(False, sealed, seals, 0, bad)
    for pk, digest, *values in _values(AuditEvent.objects.filter(seal=None)):
        unsealed += 1
        if rules.digest_of(values) != digest:
            bad = Finding(_("内容与登记时不一致。"), event_id=pk)
            return Verdict(False, sealed + unsealed, seals, unsealed, bad)
    return Verdict(True, sealed + unsealed, seals, unsealed)


def head() -> Seal | None:
    """The last seal: its digest stands for the whole trail before it."""
    return Seal.objects.order_by("-n").first()


def anchor_file(day: str) -> Path:
    return Path(settings.AUDIT_ANCHOR_DIR) / f"{day}.txt"


def _values(events: Any) -> Iterator[tuple[Any, ...]]:
    return events.order_by("id").values_list("id", "digest", *rules.DIGESTED).iterator(chunk_size=2000)


def _bad_link(seal: Seal, expected: int, previous: str) -> Finding | None:
    if seal.n != expected:
        return Finding(_("这一批已不在库内。"), seal=expected)
    if seal.prev != previous or rules.digest_of_seal(seal) != seal.digest:
        return Finding(_("封存内容与封存时不一致。"), seal=seal.n)
    return None


def _bad_anchor(seal: Seal, kept: list[tuple[int, str]]) -> Finding | None:
    if any(n == seal.n and digest != seal.digest for n, digest in kept):
        return Finding(_("与库外存的校验值不一致，从上一次留存以来有改动。"), seal=seal.n)
    return None


def _bad_event(seal: Seal) -> Finding | None:
    try:
        expected = rules.digests_of(seal)
    except ValueError:
        return Finding(_("封存内容与封存时不一致。"), seal=seal.n)
    found = {pk: (digest, values) for pk, digest, *values in _values(AuditEvent.objects.filter(pk__in=expected))}
    for pk, sealed_digest in expected.items():
        if pk not in found:
            return Finding(_("已被删除。"), event_id=pk, seal=seal.n)
        digest, values = found[pk]
        if digest != sealed_digest or rules.digest_of(values) != sealed_digest:
            return Finding(_("内容与封存时不一致。"), event_id=pk, seal=seal.n)
    return None


def _stray(sealed: int) -> Finding | None:
    """An event that calls itself sealed and stands in no seal, or the other way round."""
    if AuditEvent.objects.exclude(seal=None).count() == sealed:
        return None
    listed: dict[int, int] = {}
    for seal in Seal.objects.order_by("n").iterator(chunk_size=50):
        listed.update(dict.fromkeys(rules.digests_of(seal), seal.n))
    for pk, number in AuditEvent.objects.order_by("id").values_list("id", "seal").iterator(chunk_size=2000):
        if listed.get(pk) != number:
            return Finding(_("封存标记与封存批次不符。"), event_id=pk, seal=number)
    return None


def _unreadable() -> Finding:
    for pk in AuditEvent.objects.order_by("id").values_list("id", flat=True).iterator(chunk_size=2000):
        try:
            list(_values(AuditEvent.objects.filter(pk=pk)))
        except ValueError:
            return Finding(_("内容与登记时不一致。"), event_id=pk)
    return Finding(_("审计封存记录被改过，读不出来。"))


def _anchors() -> dict[str, tuple[int, str] | None]:
    """Name of each daily anchor outside the database → (seal, digest); None where nobody can read it any more."""
    return {path.name: _anchor_in(path) for path in sorted(Path(settings.AUDIT_ANCHOR_DIR).glob("*.txt"))}


def _anchor_in(path: Path) -> tuple[int, str] | None:
    try:
        number, digest, *_rest = path.read_text("ascii").split()
        return int(number), digest
    except ValueError:
        return None


# Triggers


def triggers_in_place() -> bool:
    """Whether the database itself refuses to change or remove audit rows; for /readyz."""
    expected = rules.triggers(connection.vendor)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return all(found.get(name) == sql for name, sql in expected.items())
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal")
        standing = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s)", [list(rules.functions())])
        return standing >= set(expected) and dict(cursor.fetchall()) == rules.functions()
