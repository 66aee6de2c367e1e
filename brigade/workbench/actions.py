"""The check of the audit trail, every night and on request; changes of units, carried out when their day has come;
who has to agree to them and to secondments is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.queries import Verdict, verify
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.templatetags.ui import full_day_text
from brigade.notices import actions as notices
from brigade.org import actions as org
from brigade.org.models import Secondment, Unit, UnitChange
from brigade.org.queries import everybody_with, records_to_move
from brigade.org.states import ChangeState, Role
from brigade.workbench.queries import ALTERED, AUDIT_CHECK


def queue_audit_check(*, by: Any, now: datetime) -> Job:
    """Ask for a check of the whole trail; asking twice within a minute is one check. Audit administrator."""
    if not by.has_perm("audit.view_auditevent"):
        raise NotAllowed(_("你没有核验审计的权限。"))
    return jobs.enqueue(AUDIT_CHECK, key=f"{AUDIT_CHECK}|asked|{now:%Y-%m-%dT%H:%M}")


def check_audit(*, now: datetime) -> str:
    """Walk the whole trail and say what was found; an altered row is told to every audit administrator. A timed job."""
    verdict = _settled_verdict()
    if verdict.ok:
        return str(verdict)
    today, words = timezone.localdate(now), {"finding": str(verdict)}
    auditors = everybody_with(Role.AUDIT_ADMIN, today)
    with transaction.atomic():
        notices.post("workbench.audit_altered", to=auditors, context=words, period=today.isoformat(), now=now)
    return f"{ALTERED}{verdict}"


def _settled_verdict() -> Verdict:
    """A finding counts when it is found twice: a batch sealed during the walk looks like an alteration once."""
    first = verify()
    if first.ok:
        return first
    second = verify()
    return second if second.ok or second.first_bad == first.first_bad else verify()


# Changes of units

CARRY_OUT = "workbench.change"
RECORDS_AT_ONCE = 200


def plan_change(*, by: Any, now: datetime, **asked: Any) -> UnitChange:
    """Plan a change of units, see `org.actions.plan_change`; one for today is carried out at once."""
    with transaction.atomic():
        change = org.plan_change(by=by, now=now, **asked)
        if change.state == ChangeState.WAITING:
            _ask_agreement(change, unit=change.unit, since=change.since, target=change.unit, by=by, now=now)
        _queue(change, now)
    return change


def second_person(*, by: Any, now: datetime, **asked: Any) -> Secondment:
    """Send somebody to another unit for a time, see `org.actions.second_person`; the security administrator is told."""
    with transaction.atomic():
        made = org.second_person(by=by, now=now, **asked)
        posting = made.posting
        _ask_agreement(made, unit=posting.unit, since=posting.starts_on, target=posting.person, by=by, now=now)
    return made


def _ask_agreement(
    row: UnitChange | Secondment, *, unit: Unit, since: date, target: Any, by: Any, now: datetime
) -> None:
    """Tell those who settle the roles of a unit that something waits for them; it stands on their workbench too."""
    keepers = everybody_with(Role.SECURITY_ADMIN, timezone.localdate(now))
    notices.post(
        "workbench.agreement_asked",
        to=[one for one in keepers if one.has_perm("org.change_grant", unit)],
        context={"what": row.what, "day": full_day_text(since), "who": by.name},
        target=target,
        stage=f"{row._meta.model_name}:{row.pk}",
        now=now,
    )


def agree_change(*, by: Any, change: UnitChange, now: datetime, **asked: Any) -> UnitChange:
    """The security administrator's word, see `org.actions.agree_change`; what is due is carried out at once."""
    with transaction.atomic():
        change = org.agree_change(by=by, change=change, now=now, **asked)
        _queue(change, now)
    return change


def _queue(change: UnitChange, now: datetime) -> None:
    if change.state == ChangeState.READY and change.since <= timezone.localdate(now):
        jobs.enqueue(CARRY_OUT, key=f"{CARRY_OUT}:{change.pk}", payload={"change": change.pk})


def run_change(*, job: Job) -> str:
    """Carry out one change for whoever waits for it."""
    return _carry_out(UnitChange.objects.get(pk=job.payload["change"]), timezone.now(), job)


def carry_out_changes(*, now: datetime) -> str:
    """Carry out the changes of units whose day has come, and go on with what was broken off. A timed job.

    One that something has come in the way of, as people posted there meanwhile, waits and says why.
    """
    said = []
    for change in UnitChange.objects.due(timezone.localdate(now)):
        try:
            said.append(_carry_out(change, now))
        except Refused as refusal:
            said.append(f"{change}：{refusal}")
    return "；".join(said) or _("没有到期的机构调整")


def _carry_out(change: UnitChange, now: datetime, job: Job | None = None) -> str:
    """First what hangs on the units, at one stroke; then the open records, a batch a transaction.

    A batch is found by what has not gone yet, so a run that was broken off is simply begun again.
    """
    change = org.begin_change(change=change, now=now)
    reason = _("%(what)s，%(who)s办理") % {"what": change.reason, "who": change.planned_by}
    while change.state == ChangeState.RUNNING:
        found = ((gone, list(rows[:RECORDS_AT_ONCE])) for gone, rows in records_to_move(change))
        gone, batch = next((one for one in found if one[1]), (0, []))
        with transaction.atomic():
            moved = workflow.move_unit(
                batch, out_of=gone, to=change.receiver, since=change.since, now=now, reason=reason
            )
            change = org.note_moved(change=change, moved=len(moved), now=now)
        if job is not None:
            jobs.progress(job, change.percent)
    return _("%(what)s：转%(n)d条记录") % {"what": change, "n": change.moved}
