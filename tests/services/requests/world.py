"""Requests for tests, made through the actions: `taken_in(world, "PL02", "2026-02-13T10:00", Ending.ACCEPT)`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from brigade.kit.ids import new_id
from brigade.org.models import Person, Unit
from services.requests import actions
from services.requests.actions import Citizen
from services.requests.models import ServiceItem, ServiceRequest
from services.requests.states import Ending

HERE, ZHEJIANG = "371502199003070035", "330102199003070019"
"""Made up: the digits of nobody, with right check signs; of Shandong and of Zhejiang."""


@dataclass
class World:
    brigade: Unit
    hall: Unit
    clerk: Person
    other: Person
    lead: Person
    reviewer: Person
    head: Person
    leader: Person


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def day(text: str) -> date:
    return date.fromisoformat(text)


def item(code: str) -> ServiceItem:
    return ServiceItem.objects.get(code=code, effective_to__isnull=True)


def marks(code: str, missing: int = 0, **others: str) -> dict[int, tuple[str, str]]:
    """The first `missing` materials are missing, the others there; `others` says it by order (m2="tolerated")."""
    rows = list(item(code).materials.exclude(when="out_of_province").order_by("order"))
    found = {row.pk: ("missing" if row.order <= missing else "ok", "") for row in rows}
    return found | {rows[int(name[1:]) - 1].pk: (status, "") for name, status in others.items()}


def taken_in(
    world: World,
    code: str,
    moment: str,
    ending: str = Ending.ACCEPT,
    *,
    missing: int = 0,
    by: Person | None = None,
    **fields: Any,
) -> ServiceRequest:
    given = fields.pop("marks", None)
    citizen = None if ending == Ending.SETTLE else fields.pop("citizen", Citizen(name="刘某某", phone="13800000024"))
    return actions.take_in(
        by=by or world.clerk,
        id=fields.pop("id", None) or new_id(),
        unit=world.hall,
        item=item(code),
        ending=ending,
        now=at(moment),
        marks=marks(code, missing) if given is None else given,
        citizen=citizen,
        **fields,
    )
