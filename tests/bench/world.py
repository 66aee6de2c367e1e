"""A made-up brigade with a million requests, written by statements of the database itself: seconds, not hours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, models
from django.utils import timezone

from brigade.kit.pinyin import search_forms
from brigade.kit.searching import Name, haystack, tokens
from brigade.org.models import Person, Unit
from brigade.org.states import Tree, UnitKind
from brigade.search.actions import catch_up, make_index
from brigade.search.models import Entry
from brigade.search.rules import EDITION, FULL_TEXT, kind_token
from services.requests.models import ServiceItem, ServiceRequest
from tests.brigade.org.factories import grant, person, unit

HALLS, ITEMS, DAYS = 10, 40, 730
SERVICES = (
    *("机动车驾驶证补领", "机动车注册登记", "申领免检标志", "机动车转移登记", "驾驶证期满换证"),
    *("电动自行车登记", "违法处理咨询", "剧毒化学品运输通行证", "校车驾驶资格", "机动车抵押登记"),
)
EVERYWHERE = "（东昌府区）"
"""Stands in the title of every request."""
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈曾单仇乐张刘杨黄马胡", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂"
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=timezone.get_default_timezone())
FIRST = datetime(2026, 11, 20, tzinfo=timezone.get_default_timezone()) - timedelta(days=DAYS)


class World:
    """Ten halls below one brigade, a clerk of all of them, a head of one empty hall, and services."""

    def __init__(self) -> None:
        self.brigade = unit("东昌府大队")
        kinds: dict[str, Any] = {"parent": self.brigade, "tree": Tree.HALL, "kind": UnitKind.HALL}
        self.top = unit("车管所", **kinds)
        kinds["parent"] = self.top
        self.halls = [unit(f"{number}号大厅", **kinds) for number in range(1, HALLS + 1)]
        self.small = unit("小厅", **kinds)
        self.clerk: Person = person("window_clerk", at=self.brigade, name="甲")
        grant(self.clerk, "hall_head", self.brigade)
        self.head: Person = person("window_clerk", at=self.small, name="乙")
        self.head_of_one: Person = person("hall_head", at=self.halls[3], name="丙")
        self.items = [service(number) for number in range(ITEMS)]


def in_letters(signs: str) -> str:
    """The first letter of each character, as of a surname."""
    return "".join(search_forms(sign, surname=True)[-1] for sign in signs)


def service(number: int) -> ServiceItem:
    name = f"{SERVICES[number % len(SERVICES)]}{number}"
    categories = ServiceItem._meta.get_field("category").flatchoices
    return ServiceItem.objects.create(
        code=f"S{number:03}",
        name=name,
        category=categories[number % len(categories)][0],
        statutory_days=10,
        promised_days=5,
        day_kind=ServiceItem._meta.get_field("day_kind").flatchoices[0][0],
        legal_basis="演示",
        verified=ServiceItem._meta.get_field("verified").flatchoices[0][0],
        pinyin="shixiang",
        initials="sx",
        search_text=haystack([name + EVERYWHERE]),
        effective_from=date(2020, 1, 1),
    )


def add_requests(world: World, first: int, last: int, *, hall: Unit | None = None, **changes: str) -> None:
    """Requests number `first` to `last`, spread evenly over halls, services and two years, all settled."""
    spread = f"{world.halls[0].pk} + n.i % {HALLS}" if hall is None else str(hall.pk)
    at = after(f"(n.i * 7919) % {DAYS * 1440}")
    item = f"{world.items[0].pk} + n.i % {ITEMS}"
    named, read = (
        f"(SELECT {name} FROM {ServiceItem._meta.db_table} WHERE id = {item})" for name in ("name", "search_text")
    )
    title = f"{named} || '{EVERYWHERE}'"
    signs = [(SURNAMES, "n.i"), (GIVEN, f"n.i / {len(SURNAMES)}"), (GIVEN, "n.i / 7")]
    citizen, letters = (
        " || ".join(f"substr('{of(all_)}', CAST(1 + ({at_}) % {len(all_)} AS integer), 1)" for all_, at_ in signs)
        for of in (str, in_letters)
    )
    number = "'办' || lpad(n.i::text, 8, '0')" if is_postgres() else "'办' || printf('%08d', n.i)"
    tail = "(n.i * 7919) % 10000"
    tail = f"lpad(({tail})::text, 4, '0')" if is_postgres() else f"printf('%04d', {tail})"
    columns = dict(
        id="lpad(to_hex(n.i), 32, '0')::uuid" if is_postgres() else "printf('%032x', n.i)",
        unit_id=spread,
        number=number,
        title=title,
        search_text=" || ' ' || ".join((title, read, citizen, letters, number, tail)),
        state="'completed'",
        outcome="'approved'",
        item_id=item,
        handler_id=str(world.clerk.pk),
        first_contact_officer_id=str(world.clerk.pk),
        created_by_id=str(world.clerk.pk),
        citizen_name=citizen,
        id_no_tail="'1234'",
        phone_tail=tail,
        external_no="'1234'",
        province_code="'37'",
        id_no_sealed=f"'{'x' * 90}'",
        phone_sealed=f"'{'x' * 80}'",
        **dict.fromkeys(("received_at", "round_at", "accepted_at", "completed_at", "created_at"), at),
        promised_due_at=after(f"(n.i * 7919) % {DAYS * 1440} + 7200"),
    )
    with without_indexes(ServiceRequest) if last - first > 100_000 else nullcontext():
        insert(ServiceRequest, first, last, **columns | changes)
    analyse()


def enter_requests(first: int) -> None:
    """The entries of the requests from number `first` on: by statements too, the tokens of each text made once."""
    kind, table = ServiceRequest._meta.label_lower, ServiceRequest._meta.db_table
    key = "replace(r.id::text, '-', '')" if is_postgres() else "r.id"
    ends = " || ".join(f"' ' || substr(r.number, {at})" for at in range(3, 8))
    parts = f"""t.words || ' ' || c.words || ' 办 §w' || lower(r.number) || ' §h' || substr(r.number, 1, 2) || ' '
        || substr(r.number, 2) || ' ' || ltrim(substr(r.number, 2), '0') || {ends} || ' ' || r.phone_tail || ' '
        || substr(r.phone_tail, 2) || ' §w' || r.phone_tail || ' {kind_token(kind)} §u' || r.unit_id"""
    words = f"array_to_tsvector(string_to_array({parts}, ' '))" if is_postgres() else parts
    rows = ServiceRequest.objects.order_by().distinct()
    texts = {(title, " ".join(tokens([title]))) for title in rows.values_list("title", flat=True)}
    texts |= {(name, " ".join(tokens([Name(name)]))) for name in rows.values_list("citizen_name", flat=True)}
    with without_indexes(Entry), connection.cursor() as cursor:
        if not is_postgres():
            for event in ("insert", "update", "delete"):
                cursor.execute(f"DROP TRIGGER {FULL_TEXT}_{event}")
        cursor.execute("CREATE TEMPORARY TABLE texts (text varchar(120) PRIMARY KEY, words text)")
        cursor.executemany("INSERT INTO texts VALUES (%s, %s)", sorted(texts))
        cursor.execute(
            f"INSERT INTO {Entry._meta.db_table} (kind, object_id, print, edition, words) "
            f"SELECT '{kind}', {key}, '', {EDITION}, {words} FROM {table} r JOIN texts t ON t.text = r.title "
            f"JOIN texts c ON c.text = r.citizen_name WHERE r.number LIKE '办________' AND r.number >= '办{first:08}' "
            f"ORDER BY r.id ON CONFLICT DO NOTHING"
        )
        cursor.execute("DROP TABLE texts")
        if not is_postgres():
            cursor.execute(f"INSERT INTO {FULL_TEXT}({FULL_TEXT}) VALUES ('rebuild')")
    make_index()
    catch_up(now=NOW)
    analyse()


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


def after(minutes: str) -> str:
    """The moment so many minutes after the first."""
    start = FIRST.astimezone(timezone.get_fixed_timezone(0)).strftime("%Y-%m-%d %H:%M:%S")
    if is_postgres():
        return f"timestamptz '{start}+00' + ({minutes}) * interval '1 minute'"
    return f"datetime('{start}', '+' || ({minutes}) || ' minutes')"


def minutes_ago(minutes: int) -> str:
    return after(str(int((NOW - FIRST).total_seconds()) // 60 - minutes))


def insert(model: type[models.Model], first: int, last: int, **columns: str) -> None:
    """Rows `first` to `last` by one statement; a column without an expression takes the default of its field."""
    given = {field.column: columns.get(field.column) or default_of(field) for field in model._meta.concrete_fields}
    names, values = zip(*((name, value) for name, value in given.items() if value is not None), strict=True)
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT CAST({first} AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
            f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({quoted}) "
            f"SELECT {', '.join(values)} FROM n"
        )


def default_of(field: models.Field) -> str | None:
    """The field's default as a literal; None for what the database fills in itself."""
    if field.primary_key:
        return None
    if field.has_default():
        value = field.get_default()
    else:
        value = None if field.null else 0 if isinstance(field, models.IntegerField) else ""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int) else f"'{value}'"


@contextmanager
def without_indexes(model: type[models.Model]) -> Iterator[None]:
    """Drop what is not a constraint's own index, and make it anew in one pass afterwards."""
    if is_postgres():
        find = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
            "(SELECT conname FROM pg_constraint)"
        )
    else:
        find = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(find, [model._meta.db_table])
        found = cursor.fetchall()
        for name, _sql in found:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
        yield
        for _name, sql in found:
            cursor.execute(sql)


def analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if is_postgres() else "ANALYZE")
