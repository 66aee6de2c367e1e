"""The writers of obligations: touched by records, reconciled by the clock, chased by the morning digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.inserting import insert, made_ready
from brigade.notices import actions as notices
from brigade.obligations import queries
from brigade.obligations.models import Key, Obligation, Reminder
from brigade.obligations.rules import DIGEST, RULES, Answer
from brigade.obligations.states import LIVE, ObligationState

BATCH = 500
ANSWERED = (
    "unit_id", "post", "helper", "barred", "person_id", "title", "state", "opens_at", "warn_at", "due_at", "count",
    "needed", "met_kind", "met_id", "met_at", "reason", "provisional",
)  # fmt: skip
STORED = [Obligation._meta.get_field(name).name for name in ANSWERED]


def keys_of(record: Any) -> set[Key]:
    """The keys that `record` counts for as it stands now."""
    return {key for rule in RULES.values() if record.kind() in rule.kinds for key in rule.touched(record)}


def touch(keys: Collection[Key], *, now: datetime) -> list[Obligation]:
    """Bring the obligations of `keys` up to date inside the caller's transaction; returns those that changed.

    Rows that are there are locked in key order and only then counted: two confirmations at the same moment would
    otherwise both count one. Missing rows are inserted in that order too, which makes others wait who want to insert
    them; when somebody was faster, all are locked and counted again.
    """
    if not keys:
        return []
    ordered = sorted(keys)
    with transaction.atomic(savepoint=False):
        rows, fresh = _lock(ordered), []
        if missing := [key for key in ordered if key not in rows]:
            fresh = sorted(_made(_answers(missing, now), now), key=_key)
            if insert(made_ready(fresh, unless_there=True)) < len(fresh):
                rows = _lock(ordered)
                fresh = [rows[_key(one)] for one in fresh]
        changed = _apply(rows, {answer.key: answer for answer in _answers(rows, now)}, now)
        return fresh + [row for row in changed if row not in fresh]


def reconcile(*, now: datetime, rules: Iterable[str] | None = None) -> list[Obligation]:
    """Ask every rule (or those named) about all it should know at `now`; returns the obligations that changed.

    Opens new periods, closes past ones, and drops what no longer applies. Running it again changes nothing.
    """
    wanted = [RULES[code] for code in rules] if rules is not None else list(RULES.values())
    keys = {key for rule in wanted for key in rule.due_keys(now)}
    keys |= {
        Key(*row)
        for row in Obligation.objects.filter(rule__in=[rule.code for rule in wanted], state__in=LIVE).values_list(
            "rule", "kind", "subject", "period"
        )
    }
    ordered = sorted(keys)
    changed: list[Obligation] = []
    for start in range(0, len(ordered), BATCH):
        changed += touch(ordered[start : start + BATCH], now=now)
    return changed


def send_digest(*, now: datetime) -> str:
    """Tell each person once, in one message, what the ladders say he must hear today.

    Nobody gets a message with nothing in it. A rung missed while the portal was down is told once, on the next run; a
    rung already told is never told again, so the run may be repeated.
    """
    day = timezone.localdate(now)
    told_today = queries.told_on(day)
    lines = {person: rungs for person, rungs in queries.rungs_reached(now).items() if person.pk not in told_today}
    for person, rungs in lines.items():
        counts = {
            "count": len(rungs),
            "late": sum(rung.obligation.due_at < now for rung in rungs),
            "others": sum(not rung.is_own for rung in rungs),
        }
        with transaction.atomic():
            notices.post(
                DIGEST,
                to=[person],
                period=day.isoformat(),
                context={**counts, "lines": [rung.line(now) for rung in rungs]},
                now=now,
            )
            Reminder.objects.bulk_create(
                [
                    Reminder(
                        obligation=rung.obligation, person=person, step=rung.step, due_at=rung.obligation.due_at, at=now
                    )
                    for rung in rungs
                ],
                ignore_conflicts=True,
            )
    return _("提醒%(n)d人") % {"n": len(lines)}


def _lock(ordered: list[Key]) -> dict[Key, Obligation]:
    wanted = set(ordered)
    rows = Obligation.objects.of_keys(ordered).select_for_update()
    return {key: row for row in rows if (key := _key(row)) in wanted}


def _key(row: Obligation) -> Key:
    return Key(row.rule, row.kind, row.subject, row.period)


def _answers(ordered: Iterable[Key], now: datetime) -> Iterable[Answer]:
    groups: dict[Callable[..., Iterable[Answer]], list[Key]] = defaultdict(list)
    for key in ordered:
        groups[RULES[key.rule].answer].append(key)
    for answer, keys in groups.items():
        yield from answer(keys, now)


def _made(answers: Iterable[Answer], now: datetime) -> list[Obligation]:
    return [
        Obligation(
            rule=answer.key.rule,
            kind=answer.key.kind,
            subject=answer.key.subject,
            period=answer.key.period,
            changed_at=now,
            **{name: getattr(answer, name) for name in ANSWERED},
        )
        for answer in answers
    ]


def _apply(rows: dict[Key, Obligation], answers: dict[Key, Answer], now: datetime) -> list[Obligation]:
    """A duty that is settled stays with the unit that settled it, wherever its record goes."""
    updated, columns = [], {"changed_at"}
    for key, row in rows.items():
        answer = answers.get(key)
        before = [getattr(row, name) for name in ANSWERED]
        if answer is None:
            row.state = ObligationState.VOID
        else:
            settled_by = row.unit_id if row.state not in LIVE and answer.state not in LIVE else answer.unit_id
            for name in ANSWERED:
                setattr(row, name, getattr(answer, name))
            row.unit_id = settled_by
        after = [getattr(row, name) for name in ANSWERED]
        if before != after:
            columns |= {name for name, was, now_is in zip(STORED, before, after, strict=True) if was != now_is}
            row.changed_at = now
            updated.append(row)
    if updated:
        Obligation.objects.bulk_update(updated, sorted(columns))
    return updated
