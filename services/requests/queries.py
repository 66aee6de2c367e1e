"""Reads over requests: the clock of a hall, its halls, what stands open, and how the catalogue promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Prefetch, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from brigade.kit.clocks import at
from brigade.org.models import Grant, Person, Unit
from brigade.org.states import PERMISSIONS, Tree
from brigade.reference.queries import calendar, parameter
from services.requests.models import ItemScope, MaterialItem, ServiceItem, ServiceRequest, ServiceRequestQuerySet
from services.requests.rules import Clock, province_of, sessions_of, why_not_offered
from services.requests.states import CLOCK_RUNS, OPEN, DayKind, MaterialStatus, RequestState, When


def clock(on: date) -> Clock:
    """How the hall counts days on that day: the work calendar and the opening hours then in force."""
    return Clock(calendar(), sessions_of(parameter("services.hall_hours", on)))


def halls_of(user: Any, perm: str = "requests.add_servicerequest") -> list[Unit]:
    """The halls in which the user may take in requests, his own first."""
    found = Unit.objects.filter(tree=Tree.HALL, pk__in=user.units_for(perm)).open_on(timezone.localdate())
    return sorted(found, key=lambda hall: (hall.pk != user.unit_id, hall.order, hall.pk))


def hall_of(user: Any) -> Unit | None:
    """The hall whose services a person sees: the first that he works in or looks after, else the brigade's first."""
    own = halls_of(user, "requests.view_servicerequest")
    halls = Unit.objects.filter(tree=Tree.HALL).open_on(timezone.localdate()).order_by("order", "pk")
    return own[0] if own else halls.first()


def item_in_hall(item: ServiceItem, hall: Unit, day: date) -> ServiceItem:
    """The item with what the hall has decided about it; see `ServiceItemQuerySet.in_hall`."""
    return ServiceItem.objects.in_hall(hall, day).get(pk=item.pk)


def clerks_of(request: ServiceRequest) -> QuerySet[Person]:
    """Who may go on with the request: the window officers of its hall and of the units above it."""
    return clerks_in(request.unit, timezone.localdate())


def clerks_in(hall: Unit, on: date) -> QuerySet[Person]:
    """The window officers of a hall and of the units above it on a day."""
    roles = PERMISSIONS["requests.handle_servicerequest"]
    held = Grant.objects.on(on).filter(unit__in=hall.lineage, role__in=roles)
    return Person.objects.filter(is_active=True, pk__in=held.values("person")).order_by("police_no")


def handled_by(person: Person, on: date) -> QuerySet[ServiceRequest]:
    """What a person still has in hand: what is open, and what is settled while a tolerated material is owed."""
    owing = Q(state=RequestState.COMPLETED, materials__status=MaterialStatus.TOLERATED)
    found = ServiceRequest.objects.filter(Q(state__in=OPEN) | owing, handler=person).distinct()
    return found.order_by("unit", "received_at", "pk")


@dataclass(frozen=True, slots=True)
class HallScope:
    """What one hall does with a service: how it stands on a day, and its decisions, the latest first."""

    hall: Unit
    item: ServiceItem
    decisions: list[ItemScope]


def scopes(item: ServiceItem, day: date) -> list[HallScope]:
    """How every hall stands to a service; two queries, and one more a hall."""
    halls = Unit.objects.filter(tree=Tree.HALL).open_on(day).order_by("order", "pk")
    made = ItemScope.objects.filter(code=item.code).select_related("decided_by").order_by("-valid_from", "-pk")
    return [
        HallScope(hall, item_in_hall(item, hall, day), [row for row in made if row.unit_id == hall.pk])
        for hall in halls
    ]


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as the desk shows it: what is asked of everybody, and in addition of a visitor, each with its mark;
    or in one sentence why the hall does not take it in."""

    item: ServiceItem
    asked: list[tuple[MaterialItem, str]]
    extra: list[tuple[MaterialItem, str]]
    why_not: str = ""


def offers(day: date, given: Mapping[int, str], hall: Unit | None = None) -> list[Offer]:
    """What may be asked for at a hall on that day, with the marks already given to materials, in two queries."""
    materials = Prefetch("materials", MaterialItem.objects.order_by("order"))
    found = []
    for item in ServiceItem.objects.on(day).in_hall(hall, day).order_by("pk").prefetch_related(materials):
        if refusal := why_not_offered(item):
            found.append(Offer(item, [], [], str(refusal)))
            continue
        rows = [(row, given.get(row.pk, "")) for row in item.materials.all()]
        visitors = [pair for pair in rows if pair[0].when == When.OUT_OF_PROVINCE]
        found.append(Offer(item, [pair for pair in rows if pair not in visitors], visitors))
    return found


def is_from_elsewhere(id_no: str, on: date) -> bool:
    """Whether an identity number was first given in another province."""
    return province_of(id_no) != parameter("services.home_province", on)


def answer_due(request: ServiceRequest) -> tuple[datetime, bool]:
    """Until when a received request is accepted, noticed or rejected, five working days (行政许可法第三十二条), and
    whether that is provisional."""
    day = timezone.localdate(request.round_at)
    return clock(day).after_workdays(request.round_at, parameter("services.supplement_notice_workdays", day))


def lapses(noticed_at: datetime) -> tuple[datetime, bool]:
    """Until when the applicant brings what a notice of that moment asks for."""
    day = timezone.localdate(noticed_at)
    return clock(day).after_days(noticed_at, parameter("services.supplement_lapse_days", day))


def to_be_forgotten(now: datetime) -> QuerySet[ServiceRequest]:
    """Requests that still know their citizen although they have been over for the days of the parameter."""
    today = timezone.localdate(now)
    before = at(today - timedelta(days=parameter("services.citizen_keep_days", today)), time.min)
    over = Q(state=RequestState.DELIVERED, delivered_at__lt=before) | Q(
        state__in=[RequestState.LAPSED, RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.VOIDED],
        round_at__lt=before,
    )
    return ServiceRequest.objects.filter(over).exclude(citizen_name="").select_related("item").order_by("pk")


def recounted() -> ServiceRequestQuerySet:
    """Open requests with all that their limits are computed from."""
    return (
        ServiceRequest.objects.filter(state__in=OPEN)
        .select_related("item", "unit")
        .prefetch_related("suspensions")
        .order_by("pk")
    )


@dataclass(frozen=True, slots=True)
class Saving:
    """How much shorter than the law the catalogue promises; None when nothing can be compared."""

    promised: int
    statutory: int

    @property
    def percent(self) -> Decimal | None:
        return None if not self.statutory else (1 - Decimal(self.promised) / self.statutory) * 100


def promised_saving(day: date, hall: Unit | None = None) -> Saving:
    """1 − Σ promised ÷ Σ statutory over the items of the hall that have both."""
    sums = (
        ServiceItem.objects.offered(day, hall)
        .filter(statutory_days__isnull=False)
        .order_by()
        .aggregate(promised=Sum(F("promised_days")), statutory=Sum("statutory_days"))
    )
    return Saving(sums["promised"] or 0, sums["statutory"] or 0)


REMINDED_AHEAD = timedelta(hours=2)


def soon_due(now: datetime) -> QuerySet[ServiceRequest]:
    """Requests whose promise ends within two hours; not those accepted in these two hours, of which everybody knows."""
    return (
        ServiceRequest.objects.filter(state__in=CLOCK_RUNS, completed_at__isnull=True)
        .filter(promised_due_at__gt=now, promised_due_at__lte=now + REMINDED_AHEAD)
        .filter(accepted_at__lte=F("promised_due_at") - REMINDED_AHEAD)
        .select_related("handler")
        .order_by("pk")
    )


def due_for_deeming(now: datetime) -> QuerySet[ServiceRequest]:
    """Licence requests that were neither answered nor noticed within their five working days."""
    return ServiceRequest.objects.filter(
        state="received", item__is_licence=True, answer_due_at__lte=now
    ).select_related("item", "unit")


def due_for_lapse(now: datetime) -> QuerySet[ServiceRequest]:
    """Requests whose applicant did not bring what the notice asked for in time."""
    return ServiceRequest.objects.filter(state="supplement_requested", lapses_at__lte=now).select_related(
        "item", "unit"
    )


# The page of a record

WAY = (
    (("received", "supplement_requested", "lapsed", "rejected"), "received_at"),
    (("accepted",), "accepted_at"),
    (("processing", "suspended", "withdrawn"), None),
    (("completed",), "completed_at"),
    (("delivered",), "delivered_at"),
)
"""Where each state stands on the way, and when the request came there."""
WORDS = ("received", "accepted", "processing", "completed", "delivered")


def track(request: ServiceRequest) -> list[dict[str, Any]]:
    """The way of the request for ui/track.html: what is done, where it is, what is left."""
    here = next((n for n, (states, _at) in enumerate(WAY) if request.state in states), len(WAY) - 1)
    steps = []
    for n, (_states, moment) in enumerate(WAY):
        at = getattr(request, moment) if moment else None
        stage = "now" if n == here else "done" if n < here else ""
        label = request.get_state_display() if n == here else RequestState(WORDS[n]).label
        steps.append(
            {"label": label, "small": date_format(timezone.localtime(at), "n月j日") if at else "", "stage": stage}
        )
    return steps


@dataclass(frozen=True, slots=True)
class Deadline:
    """The clock that runs now: what is done by its end (what holds it, without one), until when, on what ground."""

    when: str
    at: datetime | None
    lines: tuple[str, ...] = ()


def review_due(asked_at: datetime) -> tuple[datetime, bool]:
    """Until when the reviewer answers what was then put before him, and whether that is provisional."""
    day = timezone.localdate(asked_at)
    return clock(day).after_workdays(asked_at, parameter("services.review_workdays", day))


DELIVERY_WORKDAYS = 10


def deadline(request: ServiceRequest) -> Deadline | None:
    """What is due next, or None when nothing runs any more."""
    item, asked = request.item, ""
    provisional = (_("下一年放假安排未录入，期限为暂算"),) if request.is_provisional else ()
    if request.review_asked_at:
        until = timezone.localdate(review_due(request.review_asked_at)[0])
        said = {"what": request.get_proposal_display(), "month": until.month, "day": until.day}
        asked = _("%(what)s，已提交审核，等审核岗%(month)d月%(day)d日前办理") % said
    match request.state:
        case RequestState.RECEIVED:
            law = _("依据行政许可法第三十二条，5个工作日内受理或一次告知")
            after = _("逾期视为受理，自收件之日起算") if item.is_licence else ""
            return Deadline(_("受理或一次性告知"), request.answer_due_at, (law, after, asked, *provisional))
        case RequestState.SUPPLEMENT_REQUESTED:
            return Deadline(_("补正"), request.lapses_at, (_("等申请人；到期没有补正的终止，可以重新申请"),))
        case RequestState.ACCEPTED | RequestState.PROCESSING:
            law = _("法定%(law)s，承诺%(ours)s") % {"law": item.statutory_text, "ours": item.promised_text}
            return Deadline(_("办结"), request.promised_due_at, (law, item.legal_basis, asked, *provisional))
        case RequestState.SUSPENDED:
            is_natural = item.day_kind == DayKind.NATURAL
            words = _("恢复后，期限按中止的天数顺延") if is_natural else _("恢复后，期限按中止的工作日顺延")
            return Deadline(_("计时已中止"), None, (words, _("由值班长或所长恢复")))
        case RequestState.COMPLETED if item.is_licence and request.completed_at and not request.is_settled_on_spot:
            due, _provisional = clock(timezone.localdate(request.completed_at)).after_workdays(
                request.completed_at, DELIVERY_WORKDAYS
            )
            return Deadline(_("送达申请人"), due, (_("依据行政许可法第四十四条，决定后10个工作日内送达"),))
    return None
