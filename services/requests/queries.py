"""Reads over requests: the clock of a hall, its halls, what stands open, and how the catalogue promises."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Prefetch, QuerySet, Sum
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.org.models import Unit
from brigade.org.states import Tree
from brigade.reference.queries import calendar, parameter
from services.requests.models import MaterialItem, ServiceItem, ServiceRequest
from services.requests.rules import Clock, is_mandatory, province_of, sessions_of
from services.requests.states import OPEN, When


def clock(on: date) -> Clock:
    """How the hall counts days on that day: the work calendar and the opening hours then in force."""
    return Clock(calendar(), sessions_of(parameter("services.hall_hours", on)))


def halls_of(user: Any, perm: str = "requests.add_servicerequest") -> list[Unit]:
    """The halls in which the user may take in requests, his own first."""
    found = Unit.objects.filter(tree=Tree.HALL, pk__in=user.units_for(perm)).open_on(timezone.localdate())
    return sorted(found, key=lambda hall: (hall.pk != user.unit_id, hall.order, hall.pk))


def catalogue(day: date) -> list[ServiceItem]:
    """What a hall offers on that day, each with its materials, in two queries."""
    materials = Prefetch("materials", MaterialItem.objects.order_by("order"))
    return list(ServiceItem.objects.offered(day).prefetch_related(materials))


def is_from_elsewhere(id_no: str, on: date) -> bool:
    """Whether an identity number was first given in another province."""
    return province_of(id_no) != parameter("services.home_province", on)


def mandatory(materials: Iterable[MaterialItem], is_out_of_province: bool) -> list[MaterialItem]:
    return [row for row in materials if is_mandatory(row, is_out_of_province)]


def answer_due(request: ServiceRequest) -> tuple[datetime, bool]:
    """Until when a received request is accepted, noticed or rejected, five working days (行政许可法第三十二条), and
    whether that is provisional."""
    day = timezone.localdate(request.round_at)
    return clock(day).after_workdays(request.round_at, parameter("services.supplement_notice_workdays", day))


def lapses(noticed_at: datetime) -> tuple[datetime, bool]:
    """Until when the applicant brings what a notice of that moment asks for."""
    day = timezone.localdate(noticed_at)
    return clock(day).after_days(noticed_at, parameter("services.supplement_lapse_days", day))


def recounted() -> QuerySet[ServiceRequest]:
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


def promised_saving(day: date) -> Saving:
    """1 − Σ promised ÷ Σ statutory over the items that have both. Source: services.md §3, 承诺提速率."""
    sums = (
        ServiceItem.objects.offered(day)
        .filter(statutory_days__isnull=False)
        .order_by()
        .aggregate(promised=Sum(F("promised_days")), statutory=Sum("statutory_days"))
    )
    return Saving(sums["promised"] or 0, sums["statutory"] or 0)


def extra_for_visitors(item: ServiceItem) -> list[MaterialItem]:
    """What a holder from another province brings in addition."""
    return [row for row in item.materials.all() if row.when == When.OUT_OF_PROVINCE]  # type: ignore[attr-defined]


def history(request: ServiceRequest, limit: int = 50) -> list[AuditEvent]:
    """What was done to the request, newest first."""
    return list(
        AuditEvent.objects.filter(target_type=request.kind(), target_id=str(request.pk)).order_by("-at", "-pk")[:limit]
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
