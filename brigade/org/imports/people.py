"""The people of a brigade with their posts and first passwords, as a sheet brings them in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column, Row
from brigade.kit.text import normalise_code
from brigade.ledgers.queries import in_use, used_since
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org import actions
from brigade.org.actions import Newcomer
from brigade.org.imports.names import Units, lost_zero
from brigade.org.models import Grant, Person, Unit
from brigade.org.rules import PHONE, look_up
from brigade.org.states import PersonKind

PEOPLE_AT_ONCE = 500
"""Each first password takes a third of a second of the worker to hash: a brigade comes in within three minutes."""
PEOPLE_COLUMNS = (
    Column("police_no", gettext_lazy("警号"), "id", True, ("人员编号", "工号", "警号/工号"), 16),
    Column("name", gettext_lazy("姓名"), "name", True, max_length=40),
    Column("kind", gettext_lazy("身份"), "choice", synonyms=("人员类别", "人员身份"), choices=PersonKind.choices),
    Column(
        "unit",
        gettext_lazy("单位"),
        "name",
        True,
        ("所在单位", "工作单位", "所属单位", "所在部门", "部门"),
        80,
        width=20,
    ),
    Column("title", gettext_lazy("职务"), synonyms=("现任职务", "职务名称", "岗位"), max_length=40),
    Column(
        "phone",
        gettext_lazy("手机号"),
        "id",
        synonyms=("手机", "手机号码", "联系电话", "联系方式", "电话"),
        max_length=20,
    ),
    Column("starts_on", gettext_lazy("任职日期"), "date", synonyms=("任职时间", "任现职时间", "起始日期")),
)


def judge_people(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """Who is there already is skipped when nothing differs; a phone of which only the tail shows is none."""
    today = timezone.localdate(now)
    units = Units(by, "org.change_person", today)
    in_sheet = {normalise_code(row.values.get("police_no") or "") for row in rows}
    numbers = in_sheet | {f"0{number}" for number in in_sheet if number.isdigit()}
    there = Person.objects.filter(police_no__in=numbers).prefetch_related("postings__unit", "grants")
    known = {person.police_no: person for person in there}
    for row in rows:
        look = Look(row)
        phone = re.sub("[-–—]", "", look.text("phone"))
        phone = "" if "*" in phone else phone
        if phone and not re.fullmatch(PHONE, phone):
            look.fault("phone", _("手机号是1开头的11位数字。"))
        unit = look.find("unit", units.find)
        starts_on = look["starts_on"] or today
        if unit and unit.opened_on > starts_on:
            look.fault("starts_on", _("%(name)s %(day)s才设立。") % {"name": unit.name, "day": unit.opened_on})
        police_no = normalise_code(look.text("police_no"))
        person = known.get(police_no)
        if person is None and police_no.isdigit() and (f"0{police_no}" in known or f"0{police_no}" in in_sheet):
            look.fault("police_no", lost_zero(f"0{police_no}"))
        if person is not None and not _was_taken_back(person, today):
            yield look.known(
                "police_no",
                _differences(look, person, unit, phone, today),
                _("警号已登记，%(what)s不同；更正请到人员页"),
            )
            continue
        yield look.become(
            Newcomer(
                police_no=police_no,
                name=look.text("name"),
                kind=look["kind"] or PersonKind.OFFICER,
                unit=unit,  # type: ignore[arg-type] - without a unit the row has a fault and becomes nothing
                title=look.text("title"),
                phone=phone,
                starts_on=starts_on,
                earlier=person,
            )
        )


def _differences(look: Look, person: Person, unit: Unit | None, phone: str, today: date) -> list[Any]:
    labels = {column.code: column.label for column in PEOPLE_COLUMNS}
    here = next((post.unit for post in person.postings.all() if post.is_valid(today)), None)
    pairs = {
        "name": (look["name"], person.name),
        "kind": (look["kind"], person.kind),
        "unit": (unit, here),
        "phone": (phone and look_up(Person, "phone", phone), person.phone_index),
    }
    return [labels[code] for code, (given, kept) in pairs.items() if given and given != kept]


def _was_taken_back(person: Person, today: date) -> bool:
    """An undone import left the account: stopped, never signed in to, without a post of even a day or a role."""
    posts = person.postings.all()
    holds = any(grant.ends_on is None or grant.ends_on > today for grant in person.grants.all())
    is_idle = not person.is_active and person.signed_in_at is None and not holds
    return is_idle and bool(posts) and all(post.starts_on == post.ends_on for post in posts)


def people_in_use(keys: Sequence[Any]) -> str:
    signed_in = Person.objects.filter(pk__in=keys, signed_in_at__isnull=False).order_by("pk")[:4]
    if signed_in:
        return in_use([_("%s（已登录过）") % person.name for person in signed_in])
    posts = Count("postings", filter=~Q(postings__starts_on=F("postings__ends_on")))
    moved = Person.objects.filter(pk__in=keys).annotate(posts=posts).exclude(posts=1).order_by("pk")[:4]
    if moved:
        return in_use([_("%s（已调动）") % person.name for person in moved])
    held = Grant.objects.filter(person__in=keys).reaching(timezone.localdate()).values("person")
    if granted := Person.objects.filter(pk__in=held).order_by("pk")[:4]:  # a role that was taken back was never used
        return in_use([_("%s（授权）") % person.name for person in granted])
    return used_since(Person, keys, ("org.posting", "org.passwordhistory", "org.grant"))


PEOPLE = Import(
    code="workbench:person_list",
    title=gettext_lazy("人员"),
    perm="org.change_person",
    columns=PEOPLE_COLUMNS,
    keys=("police_no",),
    private=("phone",),
    notes={"unit": gettext_lazy("代码、名称或简称"), "phone": gettext_lazy("11位")},
    explains=gettext_lazy(
        "每人有一个账号和一个初始密码，首次登录必须改；表里的角色由安全管理员用同一份表在“授权”页导入。"
    ),
    judge=judge_people,
    prepare=actions.with_password,
    write=lambda drafts, *, by, now: actions.take_in_people(drafts, by=by, now=now),
    used=people_in_use,
    undo=actions.take_back_people,
    handout_note=gettext_lazy("初始密码，首次登录必须改；下载后当面交给本人"),
    handout=(
        Column("police_no", gettext_lazy("警号"), "id"),
        Column("name", gettext_lazy("姓名")),
        Column("unit", gettext_lazy("单位"), width=20),
        Column("password", gettext_lazy("初始密码"), "id", width=20),
    ),
    handed=lambda draft: [draft.police_no, draft.name, str(draft.unit), draft.password],
    max_rows=PEOPLE_AT_ONCE,
)
