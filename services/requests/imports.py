"""What the hall's own ledger brings in: requests that were settled before the portal was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column, Row
from brigade.kit.refusals import Refused
from brigade.ledgers.queries import in_use
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org.imports import People, Units
from brigade.org.states import Tree
from services.requests import actions, queries, rules
from services.requests.actions import PastRequest
from services.requests.models import ServiceItem, ServiceRequest
from services.requests.states import DONE, Outcome, RequestState

PERM = "requests.import_servicerequest"
COLUMNS = (
    Column("number", gettext_lazy("编号"), "id", max_length=40, width=20),
    Column(
        "item",
        gettext_lazy("事项"),
        required=True,
        synonyms=("业务", "业务名称", "业务类型", "办理事项", "事项名称", "事项代码"),
        max_length=60,
        width=24,
    ),
    Column("hall", gettext_lazy("大厅"), "name", synonyms=("办理大厅", "服务大厅"), max_length=80),
    Column(
        "received_at",
        gettext_lazy("收件"),
        "span",
        True,
        ("收件时间", "受理时间", "受理日期", "申请时间", "日期"),
        width=17,
    ),
    Column("completed_at", gettext_lazy("办结"), "span", synonyms=("办结时间", "办结日期"), width=17),
    Column("delivered_at", gettext_lazy("送达"), "moment", False, ("送达时间", "领取时间"), width=17),
    Column("outcome", gettext_lazy("结果"), "choice", synonyms=("办理结果",), choices=Outcome.choices),
    Column("outcome_reason", gettext_lazy("理由"), max_length=500, width=24),
    Column("handler", gettext_lazy("经办"), "name", synonyms=("经办人", "受理人", "办理人"), max_length=40),
    Column("external_no", gettext_lazy("平台流水号"), "id", synonyms=("流水号",), max_length=40, width=20),
    Column("state", gettext_lazy("状态"), "choice", choices=RequestState.choices),
)


class Items:
    """Versions of the catalogue as a cell names them, by code or name, on the day of receipt."""

    def __init__(self) -> None:
        self._versions: dict[str, list[ServiceItem]] = {}
        for item in ServiceItem.objects.order_by("effective_from"):
            for name in (item.code, item.name):
                self._versions.setdefault(name, []).append(item)

    def find(self, text: str, day: date) -> ServiceItem:
        """The version of that day; what came in before the catalogue was there goes by its first version."""
        versions = self._versions.get(text)
        if not versions:
            raise Refused(_("服务事项目录里没有“%s”，请写目录里的名称或代码。") % text)
        begun = [item for item in versions if item.effective_from <= day]
        return begun[-1] if begun else versions[0]


FIRST_DAY = date(2020, 1, 1)
"""Of the hall's opening hours, by which every limit of a request is counted."""


def judge(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """A line is there already when its number or serial number is, or else as many like it as the sheet has so far."""
    rows = [_timed(row) for row in rows]
    halls = Units(by, PERM, timezone.localdate(now), tree=Tree.HALL)
    own = queries.halls_of(by, PERM)
    items, people = Items(), People(row.values.get("handler") for row in rows)
    known = _Known(rows, by.units_for(PERM))
    limits: dict[tuple[int, datetime], rules.Limits] = {}
    for row in rows:
        look = Look(row)
        if known.names(look):
            yield look.known("item", (), "")
            continue
        received_at, completed_at = look["received_at"], look["completed_at"]
        day = timezone.localdate(received_at or now)
        item = look.find("item", lambda text, day=day: items.find(text, day))
        hall = look.find("hall", halls.find) if look["hall"] else own[0] if len(own) == 1 else None
        if hall is None and not look["hall"]:
            look.fault("hall" if "hall" in row.letters else "item", _("有几个大厅，写明是哪个。"))
        handler = look.find("handler", people.find) or by
        _check(look, now)
        if look.row.faults:
            yield look.become(None)
            continue
        if known.is_like(look, hall.pk, item.pk):
            yield look.known("item", (), "")
            continue
        key = (item.pk, received_at)
        if key not in limits:
            limits[key] = rules.limits(item, received_at, (), queries.clock(day))
        yield look.become(
            PastRequest(
                hall=hall,
                item=item,
                handler=handler,
                received_at=received_at,
                completed_at=completed_at,
                delivered_at=look["delivered_at"],
                outcome=look["outcome"] or Outcome.APPROVED,
                outcome_reason=look.text("outcome_reason"),
                external_no=look.text("external_no"),
                limits=limits[key],
            )
        )


def _timed(row: Row) -> Row:
    """The row with its moments; receipt and end may stand in one cell (9:00-10:30), the end without its day."""
    look, received_at, completed_at = Look(row), None, None
    if begun := look["received_at"]:
        received_at, completed_at = begun.on(None)
        if received_at is None:
            look.fault("received_at", _("写明是哪天，如2026-5-3 9:00"))
    if (ended := look["completed_at"]) and (received_at or ended.day):
        completed_at = ended.on(received_at and timezone.localdate(received_at))[0]
    return replace(look.row, values={**row.values, "received_at": received_at, "completed_at": completed_at})


def _check(look: Look, now: datetime) -> None:
    received_at, completed_at, delivered_at = look["received_at"], look["completed_at"], look["delivered_at"]
    if completed_at is None and not any(fault.code == "completed_at" for fault in look.row.faults):
        look.fault("completed_at" if "completed_at" in look.row.letters else "received_at", _("写明办结时间"))
    if received_at and completed_at and completed_at < received_at:
        look.fault("completed_at", _("早于收件时间"))
    if received_at and timezone.localdate(received_at) < FIRST_DAY:
        look.fault("received_at", _("%s以前的办件不导入") % FIRST_DAY)
    if completed_at and completed_at > now:
        look.fault("completed_at", _("时间还没有到"))
    if completed_at and delivered_at and not completed_at <= delivered_at <= now:
        look.fault("delivered_at", _("要在办结以后、现在以前"))
    if look["outcome"] == Outcome.REFUSED and not look["outcome_reason"]:
        look.fault("outcome_reason" if "outcome_reason" in look.row.letters else "outcome", _("不予许可要写明理由"))
    if look["state"] and look["state"] not in DONE:
        look.fault("state", _("只导入已办结、已送达的；没办完的在窗口录入"))


class _Known:
    """The requests that the sheet may name again, in two queries."""

    def __init__(self, rows: Sequence[Row], halls: Collection[int]) -> None:
        def of(code: str) -> list[Any]:
            return [row.values[code] for row in rows if row.values.get(code)]

        there = ServiceRequest.objects.exclude(state=RequestState.VOIDED)
        named = there.filter(Q(number__in=of("number")) | Q(external_no__in=of("external_no")), unit__in=halls)
        self._names = {name for names in named.values_list("number", "external_no") for name in names if name}
        moments = of("received_at")
        alike = there.filter(received_at__range=(min(moments), max(moments))) if moments else there.none()
        self._alike = Counter(alike.values_list("unit", "item", "received_at", "completed_at"))

    def names(self, look: Look) -> bool:
        return bool({look.text("number"), look.text("external_no")} & self._names)

    def is_like(self, look: Look, hall: int, item: int) -> bool:
        key = (hall, item, look["received_at"], look["completed_at"])
        if look["external_no"] or not self._alike[key]:
            return False
        self._alike[key] -= 1
        return True


def used(keys: Sequence[Any]) -> str:
    changed = ServiceRequest.objects.filter(pk__in=keys, version__gt=1).order_by("pk")[:4]
    return in_use([_("%s（已办理过）") % request.number for request in changed])


IMPORTS = [
    Import(
        code="requests:servicerequest_list",
        title=gettext_lazy("历史办件"),
        perm=PERM,
        columns=COLUMNS,
        keys=("external_no",),
        notes={
            "number": gettext_lazy("系统编号，不用填"),
            "item": gettext_lazy("目录里的名称或代码"),
            "handler": gettext_lazy("姓名或警号，不填为导入人"),
        },
        explains=gettext_lazy("只收已办结的历史办件；办事人姓名、证件号、电话不导入。"),
        judge=judge,
        ready=actions.ready_past,
        write=lambda batch, *, by, now: actions.record_past(batch, by=by, now=now),
        used=used,
        undo=actions.take_back_past,
    )
]
