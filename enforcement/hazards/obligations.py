"""What an open hazard makes due: of the squadron, of the clerk, of the owner; and who hears of it when it is late."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import Calendar, add_workdays, closing
from brigade.obligations.models import Key, Obligation
from brigade.obligations.rules import Answer, Rule, Step, workdays_from_due
from brigade.obligations.states import ObligationState
from brigade.org.states import Role
from brigade.reference.queries import calendar, parameter
from enforcement.hazards import queries
from enforcement.hazards.models import ClockPause, Hazard, Recheck
from enforcement.hazards.rules import days_paused, due_after, end_of, value_for
from enforcement.hazards.states import WITH_OWNER, Grade, HazardState, PauseKind

KIND = "hazards.hazard"
CHECK, INTERIM, NOTICE, RECEIPT = "hazards.check", "hazards.interim", "hazards.notice", "hazards.receipt"
RECTIFY, VERIFY = "hazards.rectify", "hazards.verify"
RECHECK, REVIEW = "hazards.recheck", "hazards.review"
GRADE, EXTENSION, DISPUTE = "hazards.grade", "hazards.extension", "hazards.dispute"
OF_OWNER = frozenset({RECEIPT, RECTIFY})
GONE = frozenset({HazardState.INVALID, HazardState.MERGED, HazardState.VOIDED})


def _stage(hazard: Hazard) -> str:
    """Where it stands; a deferred one stands where it was left."""
    return hazard.state_before if hazard.state == HazardState.DEFERRED else hazard.state


def _turn(hazard: Hazard) -> str:
    """Names the stretch in which one owner has to mend it: since the notice, or since it came back."""
    since = max(filter(None, (hazard.notified_at, hazard.reopened_at)), default=None)
    return _minute(since)


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{timezone.localtime(moment):%y%m%d%H%M}"


def _touched(hazard: Hazard) -> Iterator[Key]:
    """The clocks that the hazard has now, but for the visits after its closing."""
    subject, stage = str(hazard.pk), _stage(hazard)
    if stage == HazardState.REPORTED:
        yield Key(CHECK, KIND, subject)
    if stage == HazardState.REGISTERED:
        yield Key(GRADE, KIND, subject)
    if hazard.extension_asked_at is not None:
        yield Key(EXTENSION, KIND, subject, _minute(hazard.extension_asked_at))
    if hazard.disputed_at is not None:
        yield Key(DISPUTE, KIND, subject, _minute(hazard.disputed_at))
    if hazard.grade == Grade.MAJOR and hazard.interim_at is None:
        yield Key(INTERIM, KIND, subject)
    if stage == HazardState.GRADED:
        yield Key(NOTICE, KIND, subject)
    if stage == HazardState.NOTIFIED:
        yield Key(RECEIPT, KIND, subject, _turn(hazard))
    if stage in WITH_OWNER or stage == HazardState.SUBMITTED:
        yield Key(RECTIFY, KIND, subject, _turn(hazard))
    if stage == HazardState.SUBMITTED:
        yield Key(VERIFY, KIND, subject, _minute(hazard.submitted_at))
    if hazard.state == HazardState.DEFERRED and hazard.review_on is not None:
        yield Key(REVIEW, KIND, subject, f"{hazard.review_on:%y%m%d}")


def _recheck_keys(hazard: Hazard) -> Iterator[Key]:
    """One visit for each number of days after the closing; which closing and how many days is the period of its key."""
    if hazard.state == HazardState.CLOSED and hazard.closed_at is not None:
        closed_on = timezone.localdate(hazard.closed_at)
        for days in value_for(hazard, "hazards.recheck_days", closed_on):
            if due_after(hazard.closed_at, days) < hazard.created_at:
                continue  # its day had passed before the hazard stood here: it came with the old ledger
            yield Key(RECHECK, KIND, str(hazard.pk), f"{closed_on:%y%m%d}-{days}")


def _of(code: str) -> Callable[[Hazard], Iterator[Key]]:
    if code == RECHECK:
        return _recheck_keys
    return lambda hazard: (key for key in _touched(hazard) if key.rule == code)


def answer(keys: Collection[Key], now: datetime) -> Iterator[Answer]:
    """How the clocks of these hazards stand, in a constant number of queries."""
    rechecks = Prefetch("rechecks", Recheck.objects.order_by("at"))
    pauses = Prefetch("pauses", ClockPause.objects.order_by("-started_at"))
    found = (
        Hazard.objects.filter(pk__in={key.subject for key in keys})
        .select_related("unit", "owner__hazard_owner__liaison")
        .prefetch_related(rechecks, pauses, "extensions")
    )
    hazards = {str(hazard.pk): hazard for hazard in found}
    seats = queries.seats({hazard.unit for hazard in hazards.values()}, timezone.localdate(now))
    for key in keys:
        hazard = hazards.get(key.subject)
        if hazard is not None and hazard.state not in GONE:
            yield from ANSWERS[key.rule](key, hazard, seats)
        elif hazard is not None and key.rule == CHECK:
            yield from _check(key, hazard, seats)


Seats = dict[tuple[int, str], int]


def _at(hazard: Hazard, role: Role, seats: Seats) -> dict[str, Any]:
    """The post on the unit that has somebody in it: the squadron's, else the nearest above."""
    return {"unit_id": seats.get((hazard.unit_id, role), hazard.unit_id), "post": role}


def _of_owner(hazard: Hazard, seats: Seats) -> dict[str, Any]:
    """The liaison where he can reach the portal; else who chases the owner."""
    owner = getattr(hazard.owner, "hazard_owner", None)
    if owner is not None and owner.liaison is not None and owner.liaison.is_active:
        return {"unit_id": hazard.unit_id, "person_id": owner.liaison_id}
    return _at(hazard, Role.SQUADRON_LEADER, seats)


def _workdays(
    hazard: Hazard, start: datetime, code: str, met_at: datetime | None, *, is_disputed: bool = False
) -> tuple[datetime, bool]:
    """The end of the last of a parameter's working days after `start`, and whether that is provisional.

    Days on which the hazard was deferred do not count, nor those of an objection where it stops this clock too; what
    came after the duty was met has no say.
    """
    day, known = timezone.localdate(start), calendar()
    kinds = set(PauseKind) if is_disputed else {PauseKind.DEFERRAL}
    rows = (row for row in hazard.pauses.all() if row.kind in kinds and row.started_at >= start)
    stood_still = days_paused(row for row in rows if met_at is None or row.started_at < met_at)
    count = value_for(hazard, code, day) + sum(known.is_workday(one) for one in stood_still)
    last = add_workdays(day, count, known)
    return max(closing(last.date), start), last.provisional


def _answered(
    key: Key, hazard: Hazard, start: datetime, due_at: datetime, met_at: datetime | None, title: Any, **more: Any
) -> Answer:
    state = ObligationState.MET
    if met_at is None:
        state = ObligationState.PAUSED if hazard.state == HazardState.DEFERRED else ObligationState.OPEN
    met = {} if met_at is None else {"count": 1, "met_kind": KIND, "met_id": str(hazard.pk), "met_at": met_at}
    reason = _("暂缓") if state == ObligationState.PAUSED else ""
    return Answer(
        key,
        **{
            "title": title % {"title": hazard.title, "number": hazard.number},
            "opens_at": start,
            "due_at": max(due_at, start),
            "state": state,
            "reason": reason,
            **met,
            **more,
        },
    )


def _check(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    start = hazard.returned_at or hazard.created_at
    met_at = hazard.registered_at or hazard.ended_at
    due_at, provisional = _workdays(hazard, start, "hazards.verify_report_workdays", met_at)
    title = _("核实上报的隐患：%(title)s（%(number)s）")
    who = _at(hazard, Role.SQUADRON_LEADER, seats)
    yield _answered(key, hazard, start, due_at, met_at, title, provisional=provisional, **who)


def _interim(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    if hazard.grade != Grade.MAJOR or hazard.graded_at is None:
        return
    hours = value_for(hazard, "hazards.interim_hours", timezone.localdate(hazard.graded_at))
    due_at = hazard.graded_at + timedelta(hours=hours)
    title = _("落实重大隐患的临时管控：%(title)s（%(number)s）")
    who = _at(hazard, Role.SQUADRON_LEADER, seats)
    yield _answered(key, hazard, hazard.graded_at, due_at, hazard.interim_at, title, **who)


def _notice(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    if hazard.graded_at is None:
        return
    due_at, provisional = _workdays(hazard, hazard.graded_at, "hazards.notice_workdays", hazard.notified_at)
    title = _("发出整改通知：%(title)s（%(number)s）")
    who = _at(hazard, Role.CLERK, seats)
    yield _answered(key, hazard, hazard.graded_at, due_at, hazard.notified_at, title, provisional=provisional, **who)


def _receipt(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    """Objection and deferral stop it, nothing else: who does not sign is late, and the limit for mending runs on."""
    if hazard.delivered_at is None or key.period != _turn(hazard):
        return
    start, met_at = hazard.delivered_at, hazard.accepted_at
    due_at, provisional = _workdays(hazard, start, "hazards.receipt_workdays", met_at, is_disputed=True)
    title = _("签收整改通知：%(title)s（%(number)s）")
    more = _stopped(hazard) | _of_owner(hazard, seats)
    yield _answered(key, hazard, start, due_at, met_at, title, provisional=provisional, **more)


def _rectify(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    if hazard.delivered_at is None or hazard.due_at is None or key.period != _turn(hazard):
        return
    start = max(filter(None, (hazard.delivered_at, hazard.reopened_at)))
    is_done = _stage(hazard) in (HazardState.SUBMITTED, HazardState.CLOSED)
    met_at = hazard.submitted_at if is_done else None
    due_on = timezone.localdate(hazard.due_at)
    warn_at = max(start, end_of(due_on - timedelta(days=value_for(hazard, "hazards.warning_days", due_on)[0] + 1)))
    more = _stopped(hazard) | _of_owner(hazard, seats)
    title = _("完成整改：%(title)s（%(number)s）")
    yield _answered(key, hazard, start, hazard.due_at, met_at, title, warn_at=min(warn_at, hazard.due_at), **more)


def _stopped(hazard: Hazard) -> dict[str, Any]:
    if hazard.disputed_at is None:
        return {}
    return {"state": ObligationState.PAUSED, "reason": _("责任单位提出异议，等会商")}


def _grade(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    if hazard.registered_at is None:
        return
    start = max(filter(None, (hazard.registered_at, hazard.returned_at)))
    met_at = hazard.graded_at
    due_at, provisional = _workdays(hazard, start, "hazards.grade_workdays", met_at)
    title = _("给隐患定级：%(title)s（%(number)s）")
    who = _at(hazard, Role.CLERK, seats)
    yield _answered(key, hazard, start, due_at, met_at, title, provisional=provisional, **who)


def _extension(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    """Of the leader; a major hazard's second extension is the road safety office's: `rules.can_decide_extension`."""
    rows = list(hazard.extensions.all())
    asked = next((row for row in rows if _minute(row.asked_at) == key.period), None)
    if asked is None or (asked.decided_at is None and hazard.state not in WITH_OWNER):
        return
    due_at, provisional = _workdays(hazard, asked.asked_at, "hazards.decision_workdays", asked.decided_at)
    title = _("审批延期：%(title)s（%(number)s）")
    began_at = hazard.term_began_at
    earlier = [
        row for row in rows if row.is_granted and began_at is not None and began_at <= row.asked_at < asked.asked_at
    ]
    is_for_office = hazard.grade == Grade.MAJOR and bool(earlier)
    who = _at(hazard, Role.ROAD_SAFETY_OFFICE if is_for_office else Role.DEPUTY_LEADER, seats)
    yield _answered(key, hazard, asked.asked_at, due_at, asked.decided_at, title, provisional=provisional, **who)


def _dispute(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    """Of the road safety office; of the clerk, who enters its minutes, where it has no account."""
    disputes = (row for row in hazard.pauses.all() if row.kind == PauseKind.DISPUTE)
    raised = next((row for row in disputes if _minute(row.started_at) == key.period), None)
    if raised is None:
        return
    due_at, provisional = _workdays(hazard, raised.started_at, "hazards.decision_workdays", raised.ended_at)
    title = _("会商责任单位的异议：%(title)s（%(number)s）")
    has_office = (hazard.unit_id, Role.ROAD_SAFETY_OFFICE) in seats
    who = _at(hazard, Role.ROAD_SAFETY_OFFICE if has_office else Role.CLERK, seats)
    yield _answered(key, hazard, raised.started_at, due_at, raised.ended_at, title, provisional=provisional, **who)


def _verify(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    if hazard.submitted_at is None or key.period != _minute(hazard.submitted_at):
        return
    is_done = hazard.verified_at is not None and hazard.verified_at >= hazard.submitted_at
    met_at = hazard.verified_at if is_done else None
    due_at, provisional = _workdays(hazard, hazard.submitted_at, "hazards.verification_workdays", met_at)
    title = _("现场核验：%(title)s（%(number)s）")
    who = _at(hazard, Role.SQUADRON_LEADER, seats)
    yield _answered(key, hazard, hazard.submitted_at, due_at, met_at, title, provisional=provisional, **who)


def _review(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    if hazard.state != HazardState.DEFERRED or hazard.review_on is None:
        return
    deferrals = (row.started_at for row in hazard.pauses.all() if row.kind == PauseKind.DEFERRAL)
    start = next(deferrals, hazard.created_at)
    title = _("复审暂缓的隐患：%(title)s（%(number)s）")
    more = {"state": ObligationState.OPEN, "reason": ""} | _at(hazard, Role.DEPUTY_LEADER, seats)
    yield _answered(key, hazard, start, end_of(hazard.review_on), None, title, **more)


def _recheck(key: Key, hazard: Hazard, seats: Seats) -> Iterator[Answer]:
    """The first visit after a closing meets the first of the re-checks, the next visit that comes after that one's day
    meets the second, and so on: two visits of one week are not those of three months."""
    closed_text, _dash, days_text = key.period.partition("-")
    visits = [row for row in hazard.rechecks.all() if f"{timezone.localdate(row.closed_at):%y%m%d}" == closed_text]
    is_here = hazard.closed_at is not None and f"{timezone.localdate(hazard.closed_at):%y%m%d}" == closed_text
    if not is_here and not visits:
        return
    closed_at = visits[0].closed_at if visits else hazard.closed_at
    if closed_at is None:
        return
    steps = value_for(hazard, "hazards.recheck_days", timezone.localdate(closed_at))
    if int(days_text) not in steps:
        return
    place, start, met_at = steps.index(int(days_text)), closed_at, None
    for step in range(place + 1):
        start = closed_at if step == 0 else due_after(closed_at, steps[step - 1])
        met_at = next((row.at for row in visits if row.at >= start), None)
        visits = [row for row in visits if met_at is not None and row.at > met_at]
    if met_at is None and not is_here:
        return
    due_at = due_after(closed_at, int(days_text))
    title = _("回访销号的隐患：%(title)s（%(number)s）")
    who = _at(hazard, Role.SQUADRON_LEADER, seats)
    yield _answered(key, hazard, start, due_at, met_at, title, **who)


ANSWERS: dict[str, Callable[[Key, Hazard, Seats], Iterator[Answer]]] = {
    CHECK: _check,
    INTERIM: _interim,
    NOTICE: _notice,
    RECEIPT: _receipt,
    RECTIFY: _rectify,
    VERIFY: _verify,
    REVIEW: _review,
    RECHECK: _recheck,
    GRADE: _grade,
    EXTENSION: _extension,
    DISPUTE: _dispute,
}


def days_from_due(n: int) -> Callable[[Obligation, Calendar], date]:
    """The n-th calendar day after the day an obligation falls due: the ladder of the owner's limit."""
    return lambda obligation, calendar: timezone.localdate(obligation.due_at) + timedelta(days=n)


def parameter_from_due(code: str, place: int, sign: int) -> Callable[[Obligation, Calendar], date]:
    """As many calendar days before (sign -1) or after the due day as a parameter's list has in that place."""

    def day(obligation: Obligation, calendar: Calendar) -> date:
        due_on = timezone.localdate(obligation.due_at)
        days = parameter(code, due_on)
        return due_on + timedelta(days=sign * days[min(place, len(days) - 1)])

    return day


LATE = (1, 2, 10, 17, 24)
"""Days after the limit on which owner and squadron are reminded: at first daily, then each week (产品默认值)."""
LEADERS = (
    (Role.SQUADRON_LEADER, Role.DEPUTY_LEADER),
    (Role.SQUADRON_LEADER, Role.DEPUTY_LEADER, Role.BRIGADE_LEADER),
    (Role.SQUADRON_LEADER, Role.DEPUTY_LEADER, Role.BRIGADE_LEADER),
)
"""Who hears with them at the first, second and third of hazards.leader_days; letters go out by a ladder of their own,
see actions.escalate_overdue."""
OWNER_LADDER = (
    *(
        Step(f"before{n}", gettext_lazy("整改到期前"), parameter_from_due("hazards.warning_days", n, -1))
        for n in range(3)
    ),
    *(Step(f"late{n}", gettext_lazy("整改逾期"), days_from_due(n), (Role.SQUADRON_LEADER,)) for n in LATE),
    *(
        Step(f"leader{n}", gettext_lazy("整改逾期，报领导"), parameter_from_due("hazards.leader_days", n, 1), to)
        for n, to in enumerate(LEADERS)
    ),
)
BEFORE_AND_LATE = (
    Step("before", gettext_lazy("到期前1个工作日"), workdays_from_due(-1)),
    Step("due", gettext_lazy("到期当日"), workdays_from_due(0)),
    Step("late", gettext_lazy("逾期1个工作日"), workdays_from_due(1), (Role.SQUADRON_LEADER, Role.DEPUTY_LEADER)),
)
ON_THE_DAY = BEFORE_AND_LATE[1:]


CHASED = gettext_lazy("去跟进")
"""What the squadron does about a duty of an owner who has no account: see that it is done."""


DAYS = gettext_lazy("天数为产品默认值")


def _rule(code: str, label: Any, basis: Any, verb: Any, ladder: tuple[Step, ...], assumed: Any = DAYS) -> Rule:
    def word(row: Obligation) -> str:
        return str(CHASED if code in OF_OWNER and row.person_id is None else verb)

    return Rule(
        code=code,
        label=label,
        basis=basis,
        kinds=frozenset({KIND}),
        touched=_of(code),
        answer=answer,
        action=lambda row: (word(row), Hazard(pk=row.subject).get_absolute_url()),
        ladder=ladder,
        assumed=assumed,
    )


RULES = [
    _rule(
        CHECK,
        gettext_lazy("核实上报的隐患"),
        gettext_lazy("道路交通安全法第二十九条第二款“及时”"),
        gettext_lazy("去核实"),
        ON_THE_DAY,
    ),
    _rule(
        INTERIM,
        gettext_lazy("重大隐患临时管控"),
        gettext_lazy("安全生产事故隐患排查治理暂行规定"),
        gettext_lazy("去登记"),
        ON_THE_DAY,
        gettext_lazy("小时数为产品默认值"),
    ),
    _rule(
        NOTICE,
        gettext_lazy("定级后发出整改通知"),
        gettext_lazy("道路交通安全法第二十九条第二款“及时”"),
        gettext_lazy("去发通知"),
        BEFORE_AND_LATE,
    ),
    _rule(
        RECEIPT,
        gettext_lazy("责任单位签收"),
        "",
        gettext_lazy("去签收"),
        BEFORE_AND_LATE,
    ),
    _rule(
        RECTIFY,
        gettext_lazy("责任单位整改"),
        gettext_lazy("整改通知书"),
        gettext_lazy("去整改"),
        OWNER_LADDER,
    ),
    _rule(
        VERIFY,
        gettext_lazy("提交后核验"),
        gettext_lazy("核验晚了不算责任单位逾期"),
        gettext_lazy("去核验"),
        BEFORE_AND_LATE,
    ),
    _rule(
        RECHECK,
        gettext_lazy("销号后回访"),
        "",
        gettext_lazy("去回访"),
        BEFORE_AND_LATE,
    ),
    _rule(
        REVIEW,
        gettext_lazy("暂缓复审"),
        gettext_lazy("批准暂缓的文件"),
        gettext_lazy("去复审"),
        BEFORE_AND_LATE,
        gettext_lazy("最长天数为产品默认值"),
    ),
    _rule(
        GRADE,
        gettext_lazy("登记后定级"),
        gettext_lazy("道路交通安全法第二十九条第二款“及时”"),
        gettext_lazy("去定级"),
        BEFORE_AND_LATE,
    ),
    _rule(
        EXTENSION,
        gettext_lazy("审批延期"),
        "",
        gettext_lazy("去审批"),
        BEFORE_AND_LATE,
    ),
    _rule(
        DISPUTE,
        gettext_lazy("会商异议"),
        "",
        gettext_lazy("去会商"),
        BEFORE_AND_LATE,
    ),
]
