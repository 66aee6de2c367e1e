"""Calendar, parameters, counters, towns and villages."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import chinese_calendar
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from brigade.audit.actions import SYSTEM, record
from brigade.kit.refusals import NotAllowed, Refused
from brigade.reference.models import CalendarYear, Counter, Parameter, Town, Village, WorkCalendarDay
from brigade.reference.queries import kept_calendar, kept_parameters
from brigade.reference.rules import same_shape
from brigade.reference.states import DayReason, Trust

DATA = Path(__file__).parents[1] / "data"
FIRST_YEAR = 2024
PRINTED_SOURCE = "国务院办公厅关于2026年部分节假日安排的通知（光明网2025年11月4日刊载）"
PACKAGE_SOURCE = "chinesecalendar {version}"


@dataclass(frozen=True)
class Day:
    """One line of a list of holidays."""

    date: date
    is_workday: bool
    reason: DayReason
    note: str = ""


def next_number(unit_id: int, kind: str, year: int) -> int:
    """The next number of one unit, kind and year, without gaps.

    One statement both makes a missing counter and moves it on; the row stays locked until the caller's transaction
    ends, so a rollback gives the number back and nobody else gets it meanwhile.
    """
    return next_numbers(unit_id, kind, year, 1)[0]


def next_numbers(unit_id: int, kind: str, year: int, count: int) -> range:
    """The next `count` numbers of one unit, kind and year; see `next_number`."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("next_number needs the transaction that uses the number")
    table = connection.ops.quote_name(Counter._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (unit_id, kind, year, last) VALUES (%s, %s, %s, %s) "
            f"ON CONFLICT (unit_id, kind, year) DO UPDATE SET last = {table}.last + excluded.last RETURNING last",
            [unit_id, kind, year, count],
        )
        last = int(cursor.fetchone()[0])
    return range(last - count + 1, last + 1)


@transaction.atomic
def set_workday(*, by: Any, day: date, is_workday: bool, reason: DayReason, source: str, note: str = "") -> None:
    """Say of one date whether it is worked; for who may change the calendar. Due dates are worked out again after it.

    Audited with the old and the new value. Refused without a source.
    """
    _allow(by, "reference.change_workcalendarday")
    if not source.strip():
        raise Refused(_("请写明依据，例如放假通知的文号。"), field="source")
    old = WorkCalendarDay.objects.select_for_update().filter(date=day).first()
    if old and (old.is_workday, old.reason, old.source, old.note) == (is_workday, reason, source, note):
        return
    WorkCalendarDay.objects.update_or_create(
        date=day, defaults={"is_workday": is_workday, "reason": reason, "source": source, "note": note}
    )
    _touch_year(day.year, source)
    words = {True: _("工作日"), False: _("休息日"), None: _("未特别指定")}
    record(
        "calendar.day_set",
        CalendarYear.objects.get(year=day.year),
        by=by,
        sentence=_("把%(day)s设为%(kind)s") % {"day": day.isoformat(), "kind": words[is_workday]},
        changes={day.isoformat(): [words[old.is_workday if old else None], words[is_workday]]},
        note=source,
    )


@transaction.atomic
def publish_year(*, by: Any, year: int, days: Iterable[Day], source: str) -> CalendarYear:
    """Enter the list of holidays of a year; for who may change the calendar.

    Dates of an earlier list that the new one does not name go back to the ordinary week. From now on nothing in the
    year is provisional, and due dates are worked out again. Audited.
    """
    _allow(by, "reference.change_workcalendarday")
    days = list(days)
    if not source.strip():
        raise Refused(_("请写明依据，例如放假通知的文号。"), field="source")
    if not days or any(day.date.year != year for day in days):
        raise Refused(_("放假安排应当非空，并且都在%(year)s年以内。") % {"year": year}, field="days")
    if len({day.date for day in days}) < len(days):
        raise Refused(_("放假安排中有重复的日期。"), field="days")
    return _publish(by, year, days, source)


def _publish(by: Any, year: int, days: list[Day], source: str) -> CalendarYear:
    before = dict(WorkCalendarDay.objects.filter(date__year=year).values_list("date", "is_workday"))
    WorkCalendarDay.objects.filter(date__year=year).delete()
    WorkCalendarDay.objects.bulk_create(
        WorkCalendarDay(date=day.date, is_workday=day.is_workday, reason=day.reason, note=day.note, source=source)
        for day in days
    )
    row = _touch_year(year, source, is_published=True)
    after = {day.date: day.is_workday for day in days}
    changed = sorted(day for day in before.keys() | after.keys() if before.get(day) != after.get(day))
    record(
        "calendar.year_published",
        row,
        by=by,
        sentence=_("录入%(year)s年放假安排") % {"year": year},
        changes={day.isoformat(): [before.get(day), after.get(day)] for day in changed},
        note=source,
    )
    return row


def _touch_year(year: int, source: str, *, is_published: bool | None = None) -> CalendarYear:
    kept_calendar.changed()
    row, made = CalendarYear.objects.select_for_update().get_or_create(
        year=year, defaults={"source": source, "is_published": bool(is_published)}
    )
    if not made:
        CalendarYear.objects.filter(pk=row.pk).update(
            revision=F("revision") + 1,
            is_published=row.is_published if is_published is None else is_published,
            source=source if is_published else row.source,
        )
        row.refresh_from_db()
    return row


@transaction.atomic
def confirm_recomputed(revisions: Mapping[int, int]) -> None:
    """Note that due dates now follow these revisions of the calendar; see `queries.years_to_recompute`."""
    for year, revision in revisions.items():
        CalendarYear.objects.filter(year=year, recomputed_revision__lt=revision).update(recomputed_revision=revision)


@transaction.atomic
def set_parameter(
    *, by: Any, code: str, value: Any, valid_from: date, source: str, note: str = "", verified: Trust = Trust.LOCAL
) -> Parameter:
    """Give a parameter a new value from a day on; for who may change parameters. The old value stays for earlier days.

    Refused for an unknown code, a value of another shape, a start before the current value's, or without a source.
    Audited with the old and the new value.
    """
    _allow(by, "reference.change_parameter")
    values = Parameter.objects.filter(code=code)
    list(values.select_for_update().order_by("pk"))
    old = values.filter(valid_to__isnull=True).first()
    if old is None:
        raise Refused(_("没有名为“%(code)s”的参数。") % {"code": code}, field="code")
    if not source.strip():
        raise Refused(_("请写明依据。"), field="source")
    if not same_shape(value, old.value):
        raise Refused(_("新值的形式应与现行值“%(value)s”一致。") % {"value": old.shown}, field="value")
    if valid_from < old.valid_from:
        raise Refused(_("起始日期不能早于现行值的%(day)s。") % {"day": old.valid_from.isoformat()}, field="valid_from")
    fields = {"value": value, "source": source, "note": note, "verified": verified}
    if valid_from == old.valid_from:
        Parameter.objects.filter(pk=old.pk).update(**fields)
        row = Parameter.objects.get(pk=old.pk)
    else:
        Parameter.objects.filter(pk=old.pk).update(valid_to=valid_from)
        row = Parameter.objects.create(code=code, label=old.label, measure=old.measure, valid_from=valid_from, **fields)
    kept_parameters.changed()
    record(
        "parameter.set",
        row,
        by=by,
        sentence=_("把“%(label)s”自%(day)s起设为%(value)s")
        % {"label": old.label, "day": valid_from.isoformat(), "value": row.shown},
        changes={"value": [old.value, value]},
        note=source,
    )
    return row


@transaction.atomic
def load_reference(*, by: Any = SYSTEM) -> str:
    """Load what is missing of the calendar, the parameters, towns and villages; never overwrites what is there.

    Run at each start of the portal, so doing it twice changes nothing. Audited when something was loaded. Returns one
    line that says what was.
    """
    years = _load_years(by)
    parameters = _load_parameters()
    towns, villages = _load_places()
    if not (years or parameters or towns or villages):
        return _("基础数据已是最新。")
    sentence = _("载入基础数据：日历%(years)s年、参数%(parameters)s项、乡镇街道%(towns)s个、村社区%(villages)s个") % {
        "years": len(years),
        "parameters": parameters,
        "towns": towns,
        "villages": villages,
    }
    record("reference.loaded", None, by=by, sentence=sentence)
    return sentence


def _load_years(by: Any) -> list[int]:
    published = set(CalendarYear.objects.filter(is_published=True).values_list("year", flat=True))
    lists: dict[int, tuple[list[Day], str]] = {}
    source = PACKAGE_SOURCE.format(version=chinese_calendar.__version__)
    for year in range(FIRST_YEAR, max(chinese_calendar.holidays).year + 1):
        lists[year] = (_package_days(year), source)
    for year, days in _printed_days().items():
        lists[year] = (days, PRINTED_SOURCE)
    missing = sorted(lists.keys() - published)
    for year in missing:
        _publish(by, year, *lists[year])
    return missing


def _package_days(year: int) -> list[Day]:
    off = [Day(day, False, DayReason.HOLIDAY) for day in chinese_calendar.holidays if day.year == year]
    on = [Day(day, True, DayReason.MAKE_UP) for day in chinese_calendar.workdays if day.year == year]
    return sorted(off + on, key=lambda day: day.date)


def _printed_days() -> dict[int, list[Day]]:
    years: dict[int, list[Day]] = {}
    for row in _rows("work_calendar.csv"):
        day = date.fromisoformat(row["date"])
        line = Day(day, row["is_workday"] == "yes", DayReason(row["reason"]), row["note"])
        years.setdefault(day.year, []).append(line)
    return years


def _load_parameters() -> int:
    known = set(Parameter.objects.values_list("code", flat=True))
    new = [
        Parameter(**{**row, "value": json.loads(row["value"]), "valid_from": date.fromisoformat(row["valid_from"])})
        for row in _rows("parameters.csv")
        if row["code"] not in known
    ]
    Parameter.objects.bulk_create(new)
    if new:
        kept_parameters.changed()
    return len(new)


def _load_places() -> tuple[int, int]:
    known = set(Town.objects.values_list("name", flat=True)) | set(Town.objects.values_list("code", flat=True))
    towns = [
        Town(
            code=row["code"] or None,
            name=row["name"],
            kind=row["kind"],
            is_urban=row["urban"] == "yes",
            in_jurisdiction=row["in_jurisdiction"],
            note=row["note"],
        )
        for row in _rows("towns.csv")
        if row["name"] not in known and (row["code"] or row["name"]) not in known
    ]
    Town.objects.bulk_create(towns)
    ids = dict(Town.objects.values_list("code", "pk"))
    listed = set(Village.objects.values_list("code", flat=True))
    villages = [
        Village(code=row["code"], name=row["name"], town_id=ids[row["town_code"]])
        for row in _rows("villages.csv")
        if row["code"] not in listed
    ]
    Village.objects.bulk_create(villages)
    return len(towns), len(villages)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _allow(by: Any, perm: str) -> None:
    if not by.has_perm(perm):
        raise NotAllowed(_("只有业务管理员可以修改基础数据。"))
