"""What Party organisations owe by their mere size: a committee from seven full members on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import at
from brigade.obligations.models import Obligation
from brigade.obligations.rules import LADDER, Answer, Key, Rule, Step, workdays_from_due
from brigade.obligations.states import ObligationState
from brigade.org.states import Role
from brigade.reference.queries import parameter
from partybuilding.branches import queries
from partybuilding.branches.states import BranchKind

KIND = "branches.partybranch"
WARN_DAYS = 30


def committee_key(branch_id: int) -> Key:
    return Key("party.committee", KIND, str(branch_id))


def _answer(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    today = timezone.localdate(now)
    whole = queries.structure({int(key.subject) for key in keys})
    for key in keys:
        branch = whole.branches.get(int(key.subject))
        if branch is None or branch.kind in (BranchKind.GENERAL, BranchKind.TEMPORARY) or not branch.is_active(today):
            continue
        since = whole.full_since(branch.pk, today)
        if since is None:
            continue
        due = since + timedelta(days=parameter("party.committee_grace_days", today))
        done = whole.has_committee(branch.pk, today)
        yield Answer(
            key=key,
            unit_id=branch.pk,
            title=_("%(branch)s应设立支委会") % {"branch": branch.unit.short_name},
            opens_at=at(since, time.min),
            warn_at=at(due - timedelta(days=WARN_DAYS), time.min),
            due_at=at(due, time.max),
            state=ObligationState.MET if done else ObligationState.OPEN,
            post=Role.BRANCH_SECRETARY,
            count=int(done),
            reason=_("正式党员%(n)d人，自%(day)s起满7人") % {"n": whole.full_count(branch.pk, today), "day": since},
        )


def _due_keys(now: datetime) -> Iterable[Key]:
    return [committee_key(pk) for pk in queries.without_committee(timezone.localdate(now))]


def _touched(record: Any) -> Iterable[Key]:
    return ()


def _action(obligation: Obligation) -> tuple[str, str]:
    return _("看支部"), reverse("branches:branch_detail", args=[obligation.subject])


RULES = [
    Rule(
        code="party.committee",
        label=gettext_lazy("应设立支委会"),
        basis=gettext_lazy("《中国共产党支部工作条例（试行）》：正式党员7人以上应当设立支部委员会；期限90天为产品默认"),
        kinds=frozenset(),
        touched=_touched,
        answer=_answer,
        due_keys=_due_keys,
        action=_action,
        ladder=(
            *LADDER[:2],
            Step("late", gettext_lazy("逾期"), workdays_from_due(1), (Role.GENERAL_SECRETARY, Role.PARTY_OFFICE)),
        ),
    )
]
