"""What tests of moves have in common: every move tried by everybody, and the sentence of a refusal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from brigade import workflow
from brigade.kit.refusals import Refused
from brigade.org.models import Record


def refusal(call: Callable[[], Any], kind: type[Refused] = Refused) -> str:
    with pytest.raises(kind) as caught, transaction.atomic():
        call()
    return str(caught.value)


def legal(
    records: Iterable[Record], moves: Iterable[workflow.Move], actors: Mapping[str, Any], now: datetime
) -> set[tuple[str, str, str]]:
    """(state, move, actor) of all that source and right allow, whatever the guards say."""
    found = set()
    for record in records:
        for move in moves:
            for role, actor in actors.items():
                try:
                    workflow.check(record, replace(move, guard=None), actor, now)
                except Refused:
                    continue
                found.add((record.state, move.code, role))
    return found


def listed(rows: Iterable[Mapping[str, str]]) -> set[tuple[str, str, str]]:
    """The same as a hand-kept table has it."""
    return {(row["state"], row["move"], role) for row in rows for role in row["roles"].split(";")}
