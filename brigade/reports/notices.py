"""What a report tells: whom its series names hears that it is confirmed; that it waits stands in lists and digests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.notices.rules import Notice
from brigade.org.models import Person
from brigade.org.queries import holders
from brigade.reports.models import Report
from brigade.reports.rules import SERIES


def _leaders(report: Report) -> Iterable[Person]:
    today = timezone.localdate()
    roles = SERIES[report.series].told
    return {person.pk: person for role in roles for person in holders(report.unit_id, role, today)}.values()


def _title(context: Mapping[str, Any]) -> str:
    report = context["record"]
    words = _("%(title)s（第%(n)d版）") if report.edition > 1 else _("%(title)s")
    return words % {"title": report.title, "n": report.edition}


def _body(context: Mapping[str, Any]) -> str:
    report = context["record"]
    return f"{report.sentence}（{context['by'].name}）" if report.sentence else ""


NOTICES = [Notice("reports.confirmed", gettext_lazy("报告已确认"), _title, _body, to=_leaders)]
