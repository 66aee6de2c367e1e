"""A year at the service window of the demo brigade."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.kit.clocks import add_workdays, at
from brigade.kit.ids import new_id
from brigade.org.models import Person
from brigade.org.rules import sealed
from brigade.reference.actions import next_numbers
from brigade.reference.queries import calendar
from brigade.workbench.demo.world import World
from services.requests import moves, queries, rules
from services.requests.actions import load_catalogue, set_scope
from services.requests.models import ClockSuspension, RequestMaterial, ServiceItem, ServiceRequest, SupplementNotice
from services.requests.states import (
    DeliveryKind,
    MaterialStatus,
    NoticeChannel,
    Outcome,
    Proposal,
    RequestState,
    SuspensionReason,
    When,
)

A_DAY = (6, 15)
"""Requests on a working day, least and most."""
STAYS_OPEN = 0.12
ELSEWHERE = ("SB01", "SB02")
DESK = (
    ("VR02", 3, "work"),
    ("VR02", 1, "work"),
    ("VR04", 2, "fetch"),
    ("DL16", 1, "review"),
    ("PM03", 2, "review"),
    ("PL01", 4, "stopped"),
    ("PL01", 3, "owing"),
    ("VR21", 1, "received"),
    ("PL02", 2, "lacking"),
)
"""What lies on the desk whenever the world is made: item, working days ago, how it stands. The first one is late."""
NAMES = ("演示甲", "演示乙", "演示丙", "演示丁", "演示戊", "演示己")


def build(world: World) -> None:
    """Make the requests up to now: most settled on the spot, some with a clock, the last ones open."""
    load_catalogue(today=world.today)
    _scope(world)
    items = list(ServiceItem.objects.offered(world.today, world.units["CGS-DT"]).order_by("code"))
    clerks = [person for person in world.staff["CGS"] if person.police_no not in ("D10030", "D10033", "D10034")][:6]
    work = calendar()
    days = [world.start + timedelta(days=n) for n in range((world.today - world.start).days + 1)]
    requests = [request for day in days if work.is_workday(day) for request in _day(world, day, items, clerks)]
    _number(world, requests)
    workflow.bulk(requests, moves.RECEIVE, by=SYSTEM, now=world.now, write=lambda rows: _papers(world, rows))


def _scope(world: World) -> None:
    """What this hall leaves to the city's: school buses."""
    since = at(world.today - timedelta(days=300), time(9))
    for item in ServiceItem.objects.filter(code__in=ELSEWHERE, effective_to=None):
        set_scope(
            by=world.people["D10030"],
            item=item,
            unit=world.units["CGS-DT"],
            in_scope=False,
            valid_from=since.date(),
            elsewhere="聊城市公安局车辆管理所",
            basis="演示：校车业务由市车管所办理",
            now=since,
        )


def _day(world: World, day: date, items: Sequence[ServiceItem], clerks: Sequence[Person]) -> Iterator[ServiceRequest]:
    for n in range(world.random.randrange(*A_DAY)):
        received_at = at(day, time(8, 35)) + timedelta(minutes=world.random.randrange(0, 200) + 270 * (n % 2))
        if received_at < world.now:
            request = _request(world, received_at, world.random.choice(items), world.random.choice(clerks))
            _lead_on(world, request)
            yield request
    for n, (code, ago, stand) in enumerate(DESK):
        if day == add_workdays(world.today, -ago, calendar()).date:
            item = next(item for item in items if item.code == code)
            request = _request(world, at(day, time(10, 5 * n)), item, clerks[n % 3 < 2])
            STANDS[stand](world, request)
            _know(world, request)
            yield request


def _request(world: World, received_at: datetime, item: ServiceItem, clerk: Person) -> ServiceRequest:
    return ServiceRequest(
        id=new_id(),
        unit=world.units["CGS-DT"],
        title=item.name,
        item=item,
        first_contact_officer=clerk,
        handler=clerk,
        received_at=received_at,
        round_at=received_at,
        created_at=received_at,
        created_by=clerk,
        is_synthetic=True,
    )


def _number(world: World, requests: Sequence[ServiceRequest]) -> None:
    """Gap-free by year, in the order in which they came."""
    hall = world.units["CGS-DT"]
    for year, found in groupby(sorted(requests, key=lambda one: one.received_at), lambda one: one.received_at.year):
        rows = list(found)
        for request, serial in zip(rows, next_numbers(hall.pk, "request", year, len(rows)), strict=True):
            request.number = f"{hall.code}-BJ-{year}-{serial:05}"
            request.external_no = f"YS{request.received_at:%y%m%d}{serial:05}"


def _lead_on(world: World, request: ServiceRequest) -> None:
    if world.random.random() > STAYS_OPEN and not request.item.needs_reviewer:
        _settle(request, request.received_at)
    elif world.random.random() < 0.35:
        _ask_for_more(world, request)
    else:
        _accept(world, request)


def _settle(request: ServiceRequest, moment: datetime) -> None:
    request.state, request.outcome = RequestState.COMPLETED, Outcome.APPROVED
    request.accepted_at = request.completed_at = request.received_at = moment
    request.accepted_by = request.handler
    _set_limits(request)


def _accept(world: World, request: ServiceRequest) -> None:
    """Accepted with a clock: done after some days, delivered later, or still on the way."""
    request.accepted_at, request.accepted_by = request.received_at + timedelta(minutes=12), request.handler
    _set_limits(request)
    promised = request.promised_due_at or request.accepted_at
    late = world.random.random() > 0.96
    done_at = (
        promised + timedelta(hours=20)
        if late
        else max(request.accepted_at + timedelta(minutes=40), promised - timedelta(hours=world.random.randrange(1, 7)))
    )
    if done_at > world.now:
        _leave_open(world, request)
        return
    request.completed_at, request.outcome = done_at, Outcome.APPROVED
    request.reviewer = world.people["D10033"] if request.item.needs_reviewer else None
    delivered_at = done_at + timedelta(hours=2)
    if delivered_at > world.now:
        request.state = RequestState.COMPLETED
        _know(world, request)
    else:
        request.state, request.delivered_at, request.delivery_kind = (
            RequestState.DELIVERED,
            delivered_at,
            DeliveryKind.WINDOW,
        )
        request.delivery_note = "本人领取，证件已核对"


def _leave_open(world: World, request: ServiceRequest) -> None:
    """Accepted and not done yet: before the reviewer, or on the officer's desk."""
    request.state = RequestState.PROCESSING
    asked_at = request.accepted_at + timedelta(minutes=30)
    if request.item.needs_reviewer and asked_at < world.now:
        request.proposal, request.review_asked_at = Proposal.APPROVE, asked_at
        request.review_asked_by = request.handler
    _know(world, request)


def _ask_for_more(world: World, request: ServiceRequest) -> None:
    """Noticed once; the citizen came back within days and was settled, the newest have not come back yet."""
    back_at = request.received_at + timedelta(days=world.random.randrange(1, 5))
    if back_at < world.now:
        request.round = 2
        request.round_at = back_at
        _settle_later(request, back_at)
        return
    request.state = RequestState.SUPPLEMENT_REQUESTED
    request.lapses_at = request.received_at + timedelta(days=30)
    _know(world, request)


def _settle_later(request: ServiceRequest, moment: datetime) -> None:
    received_at = request.received_at
    _settle(request, moment)
    request.received_at = received_at


def _receive(world: World, request: ServiceRequest) -> None:
    """Came in on line and waits to be looked at."""
    request.state = RequestState.RECEIVED
    request.answer_due_at, request.is_provisional = queries.answer_due(request)


def _work(world: World, request: ServiceRequest) -> None:
    request.accepted_at, request.accepted_by = request.received_at + timedelta(minutes=4), request.handler
    _set_limits(request)
    _leave_open(world, request)


def _stop(world: World, request: ServiceRequest) -> None:
    _work(world, request)
    request.state = RequestState.SUSPENDED


def _owe(world: World, request: ServiceRequest) -> None:
    _work(world, request)
    request.tolerated_due_on = add_workdays(world.today, 2, calendar()).date


def _wait_to_be_fetched(world: World, request: ServiceRequest) -> None:
    _work(world, request)
    request.state, request.outcome = RequestState.COMPLETED, Outcome.APPROVED
    request.completed_at = request.accepted_at + timedelta(hours=4)


def _lack(world: World, request: ServiceRequest) -> None:
    request.state = RequestState.SUPPLEMENT_REQUESTED
    request.lapses_at, request.is_provisional = queries.lapses(request.received_at)


STANDS: dict[str, Callable[[World, ServiceRequest], None]] = {
    "received": _receive,
    "work": _work,
    "review": _work,
    "stopped": _stop,
    "owing": _owe,
    "fetch": _wait_to_be_fetched,
    "lacking": _lack,
}


def _set_limits(request: ServiceRequest) -> None:
    limits = rules.limits(request.item, request.accepted_at, [], queries.clock(request.accepted_at.date()))
    for name, value in limits.changes().items():
        setattr(request, name, value)


def _know(world: World, request: ServiceRequest) -> None:
    """An open request knows whom to reach: an invented name and number."""
    request.citizen_name = world.random.choice(NAMES)
    phone = f"1380000{world.random.randrange(10000):04}"
    for column, value in sealed(request, "phone", phone).items():
        setattr(request, column, value)


def _papers(world: World, requests: Sequence[ServiceRequest]) -> None:
    papers, notices, stopped = [], [], []
    asked = {item.pk: list(item.materials.exclude(when=When.OUT_OF_PROVINCE)) for item in ServiceItem.objects.all()}
    for request in requests:
        materials = asked[request.item_id]
        lacks = request.state == RequestState.SUPPLEMENT_REQUESTED or request.round > 1
        for n, material in enumerate(materials):
            if request.state == RequestState.RECEIVED:
                papers.append(RequestMaterial(request=request, material=material))
                continue
            exempt = material.exempt_if_networked and world.random.random() > 0.4
            status = MaterialStatus.EXEMPT if exempt else MaterialStatus.OK
            if request.tolerated_due_on is not None and n == len(materials) - 1:
                status = MaterialStatus.TOLERATED
            if lacks and n == len(materials) - 1 and request.round == 1:
                status = MaterialStatus.MISSING
            papers.append(RequestMaterial(request=request, material=material, status=status))
        if request.state == RequestState.SUSPENDED:
            stopped.append(
                ClockSuspension(
                    request=request,
                    reason_code=SuspensionReason.APPRAISAL,
                    told_by="书面通知",
                    started_at=request.accepted_at + timedelta(hours=2),
                    approver=world.people["D10031"],
                )
            )
        if lacks and materials:
            last = materials[-1]
            notices.append(
                SupplementNotice(
                    request=request,
                    round=1,
                    items=[{"material": last.pk, "name": last.name, "status": MaterialStatus.MISSING, "note": ""}],
                    issued_at=request.received_at + timedelta(minutes=8),
                    issued_by=request.handler,
                    channel=NoticeChannel.PAPER,
                )
            )
    RequestMaterial.objects.bulk_create(papers, batch_size=500)
    SupplementNotice.objects.bulk_create(notices, batch_size=500)
    ClockSuspension.objects.bulk_create(stopped)
