"""What an open request makes due, and who hears of it when it is late."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import Calendar
from brigade.obligations.models import Key, Obligation, barring
from brigade.obligations.rules import Answer, Rule, Step, workdays_from_due
from brigade.obligations.states import ObligationState
from brigade.org.states import Role
from brigade.reference.queries import parameter
from services.requests import queries
from services.requests.models import ClockSuspension, RequestMaterial, ServiceRequest, SupplementNotice
from services.requests.rules import barred_from_review
from services.requests.states import OPEN, MaterialStatus, RequestState

KIND = "requests.servicerequest"
TIME_LIMIT, ANSWER, SUPPLEMENT = "requests.time_limit", "requests.answer", "requests.supplement"
REVIEW, SUSPENSION, TOLERATED = "requests.review", "requests.suspension", "requests.tolerated"


def _touched(request: ServiceRequest) -> Iterator[Key]:
    """The clocks that the request has now. What is settled on the spot was never due, nor what was settled before it
    was recorded: nobody was told of it here.
    """
    subject, turn = str(request.pk), f"R{request.round}"
    if request.state == RequestState.VOIDED or request.is_settled_on_spot or request.is_past:
        return
    if request.accepted_at is not None:
        yield Key(TIME_LIMIT, KIND, subject)
    if request.state == RequestState.RECEIVED:
        yield Key(ANSWER, KIND, subject, turn)
    if request.state == RequestState.SUPPLEMENT_REQUESTED:
        yield Key(SUPPLEMENT, KIND, subject, turn)
    if request.review_asked_at is not None:
        yield Key(REVIEW, KIND, subject, turn)
    if request.state == RequestState.SUSPENDED:
        yield Key(SUSPENSION, KIND, subject)
    if request.tolerated_due_on is not None and request.accepted_at is not None:
        yield Key(TOLERATED, KIND, subject)


def _of(code: str) -> Callable[[ServiceRequest], Iterator[Key]]:
    return lambda request: (key for key in _touched(request) if key.rule == code)


def _due_keys(code: str) -> Callable[[datetime], Iterator[Key]]:
    owing = Q(state=RequestState.COMPLETED, tolerated_due_on__isnull=False)

    def due_keys(now: datetime) -> Iterator[Key]:
        for request in ServiceRequest.objects.filter(Q(state__in=OPEN) | owing):
            yield from _of(code)(request)

    return due_keys


def answer(keys: Collection[Key], now: datetime) -> Iterator[Answer]:
    """How the clocks of these requests stand; one query, and one more for each kind of clock that looks further."""
    subjects, rules = {key.subject for key in keys}, {key.rule for key in keys}
    found = ServiceRequest.objects.filter(pk__in=subjects).select_related("item")
    further = {
        ANSWER: Prefetch("notices", SupplementNotice.objects.order_by("round")),
        SUPPLEMENT: Prefetch("notices", SupplementNotice.objects.order_by("round")),
        SUSPENSION: Prefetch("suspensions", ClockSuspension.objects.order_by("started_at")),
        TOLERATED: Prefetch("materials", RequestMaterial.objects.filter(status=MaterialStatus.TOLERATED)),
    }
    lookups = {ahead.prefetch_through: ahead for rule, ahead in further.items() if rule in rules}
    requests = {str(request.pk): request for request in found.prefetch_related(*lookups.values())}
    for key in keys:
        request = requests.get(key.subject)
        if request is not None and request.state != RequestState.VOIDED:
            yield from ANSWERS[key.rule](key, request)


def _time_limit(key: Key, request: ServiceRequest) -> Iterator[Answer]:
    due_at = request.promised_due_at
    if request.accepted_at is None or due_at is None or request.state == RequestState.WITHDRAWN:
        return
    is_paused = request.state == RequestState.SUSPENDED
    yield Answer(
        key,
        unit_id=request.unit_id,
        person_id=request.handler_id,
        title=_("办结%(what)s（%(number)s）") % _named(request),
        opens_at=request.accepted_at,
        warn_at=_warning(request.accepted_at, due_at),
        due_at=max(due_at, request.accepted_at),
        state=ObligationState.PAUSED if is_paused else _state(request.completed_at),
        reason=_("中止计时") if is_paused else "",
        provisional=request.is_provisional,
        **_met(request, request.completed_at),
    )


def _answer_limit(key: Key, request: ServiceRequest) -> Iterator[Answer]:
    """To accept, notice or reject within five working days; what the law had to deem accepted was missed."""
    if key.period != f"R{request.round}":
        return
    notice = next((row for row in request.notices.all() if row.round == request.round), None)
    at = request.accepted_at or (notice.issued_at if notice else None)
    state = ObligationState.OPEN if request.state == RequestState.RECEIVED else ObligationState.MET
    due_at, provisional = queries.answer_due(request)
    yield Answer(
        key,
        unit_id=request.unit_id,
        person_id=request.handler_id,
        title=_("受理或一次性告知：%(what)s（%(number)s）") % _named(request),
        opens_at=request.round_at,
        warn_at=_warning(request.round_at, due_at),
        due_at=due_at,
        state=ObligationState.MISSED if request.is_deemed else state,
        reason=_("逾期未告知，视为受理") if request.is_deemed else "",
        provisional=provisional,
        **_met(request, None if request.is_deemed else at),
    )


def _supplement(key: Key, request: ServiceRequest) -> Iterator[Answer]:
    """The applicant brings what is missing in time; who lapses has missed nothing of ours."""
    notice = next((row for row in request.notices.all() if f"R{row.round}" == key.period), None)
    if notice is None or request.state == RequestState.LAPSED:
        return
    due_at, provisional = queries.lapses(notice.issued_at)
    is_back = request.round > notice.round
    yield Answer(
        key,
        unit_id=request.unit_id,
        person_id=request.handler_id,
        title=_("等申请人补正：%(what)s（%(number)s），到期终止") % _named(request),
        opens_at=notice.issued_at,
        due_at=due_at,
        state=ObligationState.MET if is_back else ObligationState.OPEN,
        provisional=provisional,
        **_met(request, request.round_at if is_back else None),
    )


def _review(key: Key, request: ServiceRequest) -> Iterator[Answer]:
    if request.review_asked_at is None or request.state == RequestState.WITHDRAWN:
        return
    due_at, provisional = queries.review_due(request.review_asked_at)
    yield Answer(
        key,
        unit_id=request.unit_id,
        post=Role.SERVICE_REVIEWER,
        barred=barring(barred_from_review(request)),
        title=_("审核%(what)s（%(number)s）") % _named(request),
        opens_at=request.review_asked_at,
        due_at=due_at,
        state=ObligationState.OPEN if request.state in OPEN else ObligationState.MET,
        reason=request.get_proposal_display(),
        provisional=provisional,
        **_met(request, request.completed_at),
    )


def _suspension(key: Key, request: ServiceRequest) -> Iterator[Answer]:
    last = list(request.suspensions.all())[-1]
    day = timezone.localdate(last.started_at)
    due_at, provisional = queries.clock(day).after_workdays(
        last.started_at, parameter("services.suspension_alarm_workdays", day)
    )
    yield Answer(
        key,
        unit_id=request.unit_id,
        post=Role.WINDOW_LEAD,
        title=_("核对中止计时的办件：%(what)s（%(number)s）") % _named(request),
        opens_at=last.started_at,
        due_at=due_at,
        state=_state(last.ended_at),
        reason=last.get_reason_code_display(),
        provisional=provisional,
        **_met(request, last.ended_at),
    )


def _tolerated(key: Key, request: ServiceRequest) -> Iterator[Answer]:
    if request.tolerated_due_on is None or request.accepted_at is None or request.state == RequestState.WITHDRAWN:
        return
    is_owed = bool(request.materials.all())
    yield Answer(
        key,
        unit_id=request.unit_id,
        person_id=request.handler_id,
        title=_("催交容缺材料：%(what)s（%(number)s）") % _named(request),
        opens_at=request.accepted_at,
        due_at=max(queries.clock(request.tolerated_due_on).closing(request.tolerated_due_on), request.accepted_at),
        state=ObligationState.OPEN if is_owed else ObligationState.MET,
        count=0 if is_owed else 1,
    )


def _named(request: ServiceRequest) -> dict[str, str]:
    return {"what": request.title, "number": request.number}


def _state(met_at: datetime | None) -> ObligationState:
    return ObligationState.OPEN if met_at is None else ObligationState.MET


def _warning(opens_at: datetime, due_at: datetime) -> datetime:
    """From one working day before the limit at opening; a limit of a day warns from its beginning."""
    return min(max(opens_at, queries.clock(timezone.localdate(due_at)).day_before(due_at)), due_at)


def _met(request: ServiceRequest, at: datetime | None) -> dict[str, Any]:
    if at is None:
        return {}
    return {"count": 1, "met_kind": KIND, "met_id": str(request.pk), "met_at": at}


ANSWERS: dict[str, Callable[[Key, ServiceRequest], Iterator[Answer]]] = {
    TIME_LIMIT: _time_limit,
    ANSWER: _answer_limit,
    SUPPLEMENT: _supplement,
    REVIEW: _review,
    SUSPENSION: _suspension,
    TOLERATED: _tolerated,
}


def _rule(code: str, label: Any, basis: Any, verb: Any, ladder: Iterable[Step], assumed: Any = "") -> Rule:
    return Rule(
        code=code,
        label=label,
        basis=basis,
        kinds=frozenset({KIND}),
        touched=_of(code),
        answer=answer,
        due_keys=_due_keys(code),
        action=lambda row: (str(verb), _address(row.subject)),
        ladder=tuple(ladder),
        assumed=assumed,
    )


def _address(subject: str) -> str:
    return ServiceRequest(pk=subject).get_absolute_url()


WEEKS = 5
"""For so many weeks the shift leader hears each Monday of a suspension that goes on; the to-do list keeps it longer."""


def monday_after_due(n: int) -> Callable[[Obligation, Calendar], date]:
    """The n-th Monday after the day an obligation falls due."""

    def day(obligation: Obligation, calendar: Calendar) -> date:
        due_on = timezone.localdate(obligation.due_at)
        return due_on + timedelta(days=7 * n - due_on.weekday())

    return day


RULES = [
    _rule(
        TIME_LIMIT,
        gettext_lazy("限时办结"),
        gettext_lazy("令164第92条、令162第110条"),
        gettext_lazy("去办理"),
        [
            Step("before", gettext_lazy("到期前1个工作日"), workdays_from_due(-1)),
            # The handler hears of this day two hours ahead: see actions.remind_soon_due.
            Step("due", gettext_lazy("到期当日"), workdays_from_due(0), (Role.WINDOW_LEAD,), past_owner=True),
            Step("late", gettext_lazy("逾期1个工作日"), workdays_from_due(1), (Role.HALL_HEAD,)),
            Step(
                "late2",
                gettext_lazy("逾期2个工作日"),
                workdays_from_due(2),
                (Role.HALL_HEAD, Role.DEPUTY_LEADER, Role.BRIGADE_LEADER),
            ),
        ],
        gettext_lazy("承诺时限为产品默认值"),
    ),
    _rule(
        ANSWER,
        gettext_lazy("受理或一次性告知"),
        gettext_lazy("行政许可法第三十二条第（四）项"),
        gettext_lazy("去受理"),
        [
            Step("before", gettext_lazy("到期前1个工作日"), workdays_from_due(-1)),
            Step("due", gettext_lazy("到期当日"), workdays_from_due(0), (Role.WINDOW_LEAD,)),
            Step("late", gettext_lazy("逾期1个工作日"), workdays_from_due(1), (Role.HALL_HEAD,)),
        ],
    ),
    _rule(
        SUPPLEMENT,
        gettext_lazy("等待补正"),
        "",
        gettext_lazy("去提醒申请人"),
        [
            Step("first", gettext_lazy("到期前10个工作日"), workdays_from_due(-10)),
            Step("second", gettext_lazy("到期前3个工作日"), workdays_from_due(-3)),
        ],
        gettext_lazy("补正期限为产品默认值"),
    ),
    _rule(
        REVIEW,
        gettext_lazy("审核"),
        "",
        gettext_lazy("去审核"),
        [
            # The reviewers hear at once that they are asked: see the notice requests.review_asked.
            Step("due", gettext_lazy("到期当日"), workdays_from_due(0)),
            Step("late", gettext_lazy("逾期1个工作日"), workdays_from_due(1), (Role.HALL_HEAD,)),
        ],
        gettext_lazy("时限为产品默认值"),
    ),
    _rule(
        SUSPENSION,
        gettext_lazy("中止计时超过10个工作日"),
        gettext_lazy("行政许可法第四十五条"),
        gettext_lazy("去核对"),
        [
            Step(
                f"week{n}",
                gettext_lazy("超过10个工作日，每周一"),
                monday_after_due(n),
                (Role.HALL_HEAD,) if n > 1 else (),
            )
            for n in range(1, WEEKS + 1)
        ],
        gettext_lazy("天数为产品默认值"),
    ),
    _rule(
        TOLERATED,
        gettext_lazy("容缺材料补交"),
        gettext_lazy("容缺受理承诺"),
        gettext_lazy("去催交"),
        [
            Step("before", gettext_lazy("到期前1个工作日"), workdays_from_due(-1)),
            Step("due", gettext_lazy("到期当日"), workdays_from_due(0)),
            Step("late", gettext_lazy("逾期1个工作日"), workdays_from_due(1), (Role.WINDOW_LEAD,)),
        ],
    ),
]
