"""Every write to units, people, postings, grants, passwords and sign-ins.

Accounts and units are the system administrator's, grants the security administrator's: giving somebody access takes
two people. `SYSTEM` (set-up, demo, console) may do both. A change of rights counts at the next request, because
nothing of a person's rights outlives a request.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.audit import actions as audit
from brigade.kit import pinyin
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.text import clean_text, normalise_code
from brigade.org import rules
from brigade.org.models import DutyTurn, Grant, PasswordHistory, Person, Posting, SignInTry, Unit, UnitPlacement
from brigade.org.states import ADMIN_ROLES, PersonKind, Role, Tree, UnitKind

VERBS = {
    "unit.opened": gettext_lazy("设立单位"),
    "unit.moved": gettext_lazy("调整隶属"),
    "unit.closed": gettext_lazy("撤销单位"),
    "person.enrolled": gettext_lazy("登记人员"),
    "person.changed": gettext_lazy("更正人员信息"),
    "person.posted": gettext_lazy("办理任职"),
    "person.unposted": gettext_lazy("结束任职"),
    "grant.given": gettext_lazy("授予角色"),
    "grant.ended": gettext_lazy("收回角色"),
    "account.disabled": gettext_lazy("停用账号"),
    "account.enabled": gettext_lazy("启用账号"),
    "password.reset": gettext_lazy("重置密码"),
    "password.changed": gettext_lazy("修改密码"),
    "session.opened": gettext_lazy("登录"),
    "session.closed": gettext_lazy("退出"),
    "session.expired": gettext_lazy("登录过期"),
    "session.refused": gettext_lazy("登录"),
    "duty.arranged": gettext_lazy("安排带班"),
    "field.revealed": gettext_lazy("查看敏感信息"),
}
ACCOUNT_TRIES = 5
ADDRESS_TRIES = 50
LOCK = timedelta(minutes=15)


# Units


@transaction.atomic
def open_unit(
    *,
    by: Any,
    tree: Tree | str,
    kind: UnitKind | str,
    code: str,
    name: str,
    short_name: str,
    opened_on: date,
    parent: Unit | None = None,
    order: int = 0,
    now: datetime | None = None,
) -> Unit:
    """Open a unit below `parent`. System administrator of the parent; only the set-up opens a root."""
    _may(by, "org.change_unit", parent)
    code = clean_text(code)
    if Unit.objects.filter(code=code).exists():
        raise Refused(_("代码 %s 已有单位在用。") % code, field="code")
    parent = parent and _lock_parent(tree, parent, opened_on)
    unit = Unit.objects.create(
        tree=tree,
        kind=kind,
        code=code,
        name=clean_text(name),
        short_name=clean_text(short_name),
        parent=parent,
        order=order,
        opened_on=opened_on,
    )
    unit.path = f"{parent.path if parent else ''}{unit.pk}/"
    unit.save(update_fields=["path"])
    UnitPlacement.objects.create(unit=unit, parent=parent, path=unit.path, starts_on=opened_on)
    audit.record("unit.opened", unit, by=by, changes={"parent": [None, parent and parent.name]}, now=now)
    return unit


@transaction.atomic
def move_unit(*, by: Any, unit: Unit, parent: Unit, since: date, now: datetime | None = None) -> Unit:
    """Put a unit, with everything under it, below another one from a day on. System administrator of both places.

    Rights follow the new place at once; figures of earlier periods keep the place of their time.
    """
    below = {row.pk: row for row in Unit.objects.select_for_update(no_key=True).below(unit).order_by("pk")}
    unit = below[unit.pk]
    before = unit.parent
    _may(by, "org.change_unit", unit)
    _may(by, "org.change_unit", parent)
    _check_open(unit, since)
    parent = _lock_parent(unit.tree, parent, since)
    if parent.pk in below:
        raise Refused(_("不能移到自己或自己的下级之下。"), field="parent")
    if before == parent:
        raise Refused(_("%s现在就在%s之下。") % (unit.name, parent.name), field="parent")
    if since > timezone.localdate(now):
        raise Refused(_("隶属只能从今天或以前的日子起改。"), field="since")
    current = UnitPlacement.objects.get(unit=unit, ends_on__isnull=True)
    if since <= current.starts_on:
        raise Refused(_("现在的隶属从 %s 起，新的要晚于这一天。") % current.starts_on, field="since")
    old, new = unit.path, f"{parent.path}{unit.pk}/"
    for row in below.values():
        row.path = new + row.path.removeprefix(old)
        _place(row, parent if row == unit else row.parent, since)
    unit.parent = parent
    Unit.objects.bulk_update(below.values(), ["path", "parent"])
    audit.record("unit.moved", unit, by=by, changes={"parent": [before and before.name, parent.name]}, now=now)
    return unit


def _place(unit: Unit, parent: Unit | None, since: date) -> None:
    """The unit stands at its present path from `since` on; one that was opened later always stood there."""
    current = UnitPlacement.objects.get(unit=unit, ends_on__isnull=True)
    if current.starts_on >= since:
        current.parent, current.path = parent, unit.path
        current.save(update_fields=["parent", "path"])
        return
    current.ends_on = since
    current.save(update_fields=["ends_on"])
    UnitPlacement.objects.create(unit=unit, parent=parent, path=unit.path, starts_on=since)


@transaction.atomic
def close_unit(*, by: Any, unit: Unit, closed_on: date, now: datetime | None = None) -> Unit:
    """Close an empty unit. System administrator; its people are posted elsewhere and its grants ended before."""
    unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    _may(by, "org.change_unit", unit)
    _check_open(unit, closed_on)
    if closed_on <= unit.opened_on:
        raise Refused(_("撤销日期要晚于设立日期 %s。") % unit.opened_on, field="closed_on")
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gt=closed_on)
    if below := unit.children.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=closed_on)).count():
        raise Refused(_("还有 %d 个下级单位，先撤销或移走它们。") % below)
    if people := unit.postings.filter(lasting).count():
        raise Refused(_("还有 %d 人在此任职，先办调动。") % people)
    if grants := unit.grants.filter(lasting).count():
        raise Refused(_("还有 %d 项角色授在这个单位上，先由安全管理员收回。") % grants)
    unit.closed_on = closed_on
    unit.save(update_fields=["closed_on"])
    UnitPlacement.objects.filter(unit=unit, ends_on__isnull=True).update(ends_on=closed_on)
    audit.record("unit.closed", unit, by=by, changes={"closed_on": [None, closed_on.isoformat()]}, now=now)
    return unit


def _lock_open(unit: Unit, day: date, field: str = "unit") -> Unit:
    """The unit as it is now, held until the end of the transaction: nobody closes it meanwhile."""
    unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    _check_open(unit, day, field)
    return unit


def _check_open(unit: Unit, day: date, field: str = "unit") -> None:
    if unit.closed_on is not None and unit.closed_on <= day:
        raise Refused(_("%s已于 %s 撤销。") % (unit.name, unit.closed_on), field=field)
    if unit.opened_on > day:
        raise Refused(_("%s %s 才设立。") % (unit.name, unit.opened_on), field=field)


def _lock_parent(tree: str, parent: Unit, day: date) -> Unit:
    parent = _lock_open(parent, day, "parent")
    if not rules.may_hang_below(tree, parent.tree):
        words = {"tree": Tree(tree).label, "parent": Tree(parent.tree).label}
        raise Refused(_("%(tree)s的单位不能设在%(parent)s之下。") % words, field="parent")
    return parent


def found_brigade(
    *, by: Any, code: str, name: str, administrators: dict[Role, tuple[str, str]], now: datetime | None = None
) -> dict[Role, str]:
    """The first unit of an empty installation and its three administrators (number, name); gives their passwords.

    Set-up only: afterwards everything goes through those three.
    """
    today = timezone.localdate(now)
    people = {}
    with transaction.atomic():
        if Unit.objects.exists():
            raise Refused(_("已经有单位了，由系统管理员在页面上设立。"))
        brigade = open_unit(
            by=by,
            tree=Tree.LINE,
            kind=UnitKind.BRIGADE,
            code=code,
            name=name,
            short_name=name[:24],
            opened_on=today,
            now=now,
        )
        for role, (police_no, person_name) in administrators.items():
            person = enrol_person(by=by, police_no=police_no, name=person_name, unit=brigade, starts_on=today, now=now)
            grant_role(by=by, person=person, role=role, unit=brigade, starts_on=today, now=now)
            people[role] = person
    return {role: reset_password(by=by, person=person, now=now) for role, person in people.items()}


# People and where they work


@transaction.atomic
def enrol_person(
    *,
    by: Any,
    police_no: str,
    name: str,
    unit: Unit,
    starts_on: date,
    kind: PersonKind | str = PersonKind.OFFICER,
    title: str = "",
    phone: str = "",
    is_synthetic: bool = False,
    now: datetime | None = None,
) -> Person:
    """Enter a person who works in `unit` from a day on. System administrator.

    The person cannot sign in before `reset_password` gave a first password, and sees nothing before a grant.
    """
    _may(by, "org.change_person", unit)
    unit = _lock_open(unit, starts_on)
    police_no = normalise_code(police_no)
    if Person.objects.filter(police_no__iexact=police_no).exists():
        raise Refused(_("警号 %s 已登记过。") % police_no, field="police_no")
    person = Person(police_no=police_no, name=clean_text(name), kind=kind, is_synthetic=is_synthetic)
    person.set_unusable_password()
    person.search_text = _search_text(person)
    person.save(force_insert=True)
    _keep_phone(person, phone)
    Posting.objects.create(person=person, unit=unit, title=clean_text(title), starts_on=starts_on)
    audit.record("person.enrolled", person, by=by, changes={"unit": [None, unit.name]}, now=now)
    return person


@transaction.atomic
def change_person(
    *, by: Any, person: Person, name: str, kind: PersonKind | str, phone: str | None = None, now: datetime | None = None
) -> Person:
    """Correct name, kind or phone; a phone of None stays as it is. System administrator."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _may(by, "org.change_person", person)
    changes: dict[str, Any] = {}
    for field, value in (("name", clean_text(name)), ("kind", str(kind))):
        if getattr(person, field) != value:
            changes[field] = [getattr(person, field), value]
            setattr(person, field, value)
    person.search_text = _search_text(person)
    person.save(update_fields=["name", "kind", "search_text"])
    if phone is not None:
        changes["phone"] = [person.phone_tail, _keep_phone(person, phone)]
    audit.record("person.changed", person, by=by, changes=changes, now=now)
    return person


def _search_text(person: Person) -> str:
    forms = pinyin.search_forms(person.name, surname=True)
    return " ".join([person.police_no, person.name, *forms]).casefold()[:400]


def _keep_phone(person: Person, phone: str) -> str:
    for column, value in rules.sealed(person, "phone", phone).items():
        setattr(person, column, value)
    person.save(update_fields=["phone_sealed", "phone_index", "phone_tail"])
    return person.phone_tail


@transaction.atomic
def post_person(
    *, by: Any, person: Person, unit: Unit, starts_on: date, title: str = "", now: datetime | None = None
) -> Posting:
    """Post a person to a unit from a day on (任职、调动); the present posting ends on that day. System administrator.

    Grants stay: they are the security administrator's to end.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _may(by, "org.change_person", person)
    _may(by, "org.change_person", unit)
    unit = _lock_open(unit, starts_on)
    lasting = person.postings.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=starts_on))
    current = lasting.select_related("unit").order_by("-starts_on", "-pk").first()
    if current is not None:
        if starts_on < current.starts_on:
            raise Refused(_("现任职从 %s 起，新任职不能早于这一天。") % current.starts_on, field="starts_on")
        current.ends_on = starts_on
        current.save(update_fields=["ends_on"])
    posting = Posting.objects.create(person=person, unit=unit, title=clean_text(title), starts_on=starts_on)
    audit.record(
        "person.posted",
        person,
        by=by,
        changes={"unit": [current and current.unit.name, unit.name], "starts_on": [None, starts_on.isoformat()]},
        now=now,
    )
    return posting


@transaction.atomic
def end_posting(*, by: Any, person: Person, ends_on: date, now: datetime | None = None) -> Posting:
    """End the present posting (退休、离队). System administrator."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _may(by, "org.change_person", person)
    posting = person.postings.filter(ends_on__isnull=True).first()
    if posting is None:
        raise Refused(_("%s现在没有任职。") % person.name)
    rules.check_span(posting.starts_on, ends_on)
    posting.ends_on = ends_on
    posting.save(update_fields=["ends_on"])
    audit.record("person.unposted", person, by=by, changes={"ends_on": [None, ends_on.isoformat()]}, now=now)
    return posting


# Grants


@transaction.atomic
def grant_role(
    *,
    by: Any,
    person: Person,
    role: Role | str,
    unit: Unit,
    starts_on: date,
    ends_on: date | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> Grant:
    """Give a role on a unit and everything under it. Security administrator of the unit, never to himself.

    Administrators are separated: an administrator role stands alone.
    """
    _may(by, "org.change_grant", unit)
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if by.pk == person.pk:
        raise Refused(_("不能给自己授权。"), field="person")
    if not person.is_active:
        raise Refused(_("%s的账号已停用。") % person.name, field="person")
    rules.check_span(starts_on, ends_on)
    unit = _lock_open(unit, max(starts_on, timezone.localdate(now)))
    _check_against_held(person, str(role), unit, starts_on, ends_on)
    grant = Grant.objects.create(
        person=person,
        role=role,
        unit=unit,
        starts_on=starts_on,
        ends_on=ends_on,
        granted_by=f"{by.name} {by.police_no}".strip(),
        reason=clean_text(reason),
    )
    _rights_changed(person)
    audit.record(
        "grant.given",
        grant,
        by=by,
        changes={"starts_on": [None, starts_on.isoformat()], "ends_on": [None, ends_on and ends_on.isoformat()]},
        note=grant.reason,
        now=now,
    )
    return grant


def _check_against_held(person: Person, role: str, unit: Unit, starts_on: date, ends_on: date | None) -> None:
    held = person.grants.reaching(starts_on)
    if ends_on is not None:
        held = held.filter(starts_on__lt=ends_on)
    if held.filter(role=role, unit=unit).exists():
        raise Refused(_("%s在%s已有这个角色。") % (person.name, unit.name), field="role")
    if conflict := rules.role_conflict(role, set(held.values_list("role", flat=True))):
        raise Refused(conflict, field="role")


@transaction.atomic
def end_grant(*, by: Any, grant: Grant, ends_on: date, reason: str = "", now: datetime | None = None) -> Grant:
    """Take a role back from a day on; today counts at the person's next request. Security administrator.

    The last security administrator of a unit stays, else nobody could grant there again.
    """
    held = Grant.objects.select_for_update(no_key=True, of=("self",))
    grant = held.select_related("unit", "person").get(pk=grant.pk)
    _may(by, "org.change_grant", grant.unit)
    today = timezone.localdate(now)
    if grant.ends_on is not None and grant.ends_on <= today:
        raise Refused(_("这项授权已于 %s 结束。") % grant.ends_on)
    if ends_on < today and ends_on != grant.starts_on:
        raise Refused(_("授权已经用到今天，止日不能早于今天。"), field="ends_on")
    rules.check_span(grant.starts_on, ends_on)
    if grant.role == Role.SECURITY_ADMIN:
        _check_others_grant(grant.unit, grant.person, ends_on)
    changes = {"ends_on": [grant.ends_on and grant.ends_on.isoformat(), ends_on.isoformat()]}
    grant.ends_on = ends_on
    grant.save(update_fields=["ends_on"])
    _rights_changed(grant.person)
    audit.record("grant.ended", grant, by=by, changes=changes, note=clean_text(reason), now=now)
    return grant


def _check_others_grant(unit: Unit, person: Person, day: date) -> None:
    others = Grant.objects.filter(
        Q(ends_on__isnull=True),
        role=Role.SECURITY_ADMIN,
        unit__in=unit.lineage,
        starts_on__lte=day,
        person__is_active=True,
    ).exclude(person=person)
    if not others.exists():
        raise Refused(_("%s是%s最后一名安全管理员，先另授一名。") % (person.name, unit.name))


def _rights_changed(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(permission_epoch=F("permission_epoch") + 1)


# Accounts and passwords. Hashes are made and checked outside transactions: they take a tenth of a second on purpose


@transaction.atomic
def disable_account(*, by: Any, person: Person, reason: str, now: datetime | None = None) -> Person:
    """Stop an account: signed out at the next request, all grants without effect. System administrator."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _may(by, "org.change_person", person)
    if by.pk == person.pk:
        raise Refused(_("不能停用自己的账号。"))
    if not person.is_active:
        raise Refused(_("%s的账号已经停用。") % person.name)
    today = timezone.localdate(now)
    for grant in person.grants.on(today).filter(role=Role.SECURITY_ADMIN).select_related("unit"):
        _check_others_grant(grant.unit, person, today)
    person.is_active = False
    person.permission_epoch += 1
    person.save(update_fields=["is_active", "permission_epoch"])
    audit.record("account.disabled", person, by=by, note=_need(reason, "reason", _("写明停用事由。")), now=now)
    return person


@transaction.atomic
def enable_account(*, by: Any, person: Person, reason: str = "", now: datetime | None = None) -> Person:
    """Let an account sign in again; grants that still run are in force again. System administrator."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _may(by, "org.change_person", person)
    if person.is_active:
        raise Refused(_("%s的账号没有停用。") % person.name)
    person.is_active = True
    person.permission_epoch += 1
    person.save(update_fields=["is_active", "permission_epoch"])
    audit.record("account.enabled", person, by=by, note=clean_text(reason), now=now)
    return person


def reset_password(
    *, by: Any, person: Person, password: str = "", must_change: bool = True, now: datetime | None = None
) -> str:
    """Give a first or forgotten password, valid for one sign-in; returns it, to be handed over once.

    System administrator; an administrator's own only at the server's console (`SYSTEM`), else one administrator
    could sign in as the other and be two. Open sessions of the person end, a lock is lifted.
    """
    _may(by, "org.change_person", person)
    is_console = getattr(by, "is_system", False)
    if not is_console:
        if any(grant.role in ADMIN_ROLES for grant in person.grants.reaching(timezone.localdate(now))):
            raise Refused(_("管理员的密码只能在服务器控制台重置。"))
        password, must_change = "", True
    password = password or _first_password()
    hashed = make_password(password)
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        _keep_password(person, hashed, must_change, now)
        SignInTry.objects.filter(key=_try_key("account", person.police_no)).delete()
        audit.record("password.reset", person, by=by, now=now)
    return password


def set_password(*, by: Person, current: str, new: str, now: datetime | None = None) -> Person:
    """Change one's own password. Other sessions of the person end; the caller renews its own."""
    if not check_password(current, by.password):
        raise Refused(_("现在的密码不对。"), field="current")
    forms = pinyin.search_forms(by.name, surname=True)
    if fault := rules.password_fault(new, police_no=by.police_no, name_forms=[by.name, *forms]):
        raise Refused(fault, field="new")
    old = by.password_history.order_by("-changed_at").values_list("password", flat=True)
    if any(check_password(new, known) for known in {by.password, *old[: rules.PASSWORDS_REMEMBERED]}):
        raise Refused(_("不能用最近 %d 次用过的密码。") % rules.PASSWORDS_REMEMBERED, field="new")
    hashed = make_password(new)
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).get(pk=by.pk)
        _keep_password(person, hashed, False, now)
        audit.record("password.changed", person, by=by, now=now)
    return person


def _keep_password(person: Person, hashed: str, must_change: bool, now: datetime | None) -> None:
    at = now or timezone.now()
    person.password = hashed
    person.must_change_password = must_change
    person.password_changed_at = at
    person.save(update_fields=["password", "must_change_password", "password_changed_at"])
    PasswordHistory.objects.create(person=person, password=hashed, changed_at=at)
    kept = person.password_history.order_by("-changed_at", "-pk").values_list("pk", flat=True)
    person.password_history.exclude(pk__in=list(kept[: rules.PASSWORDS_REMEMBERED])).delete()


def _first_password() -> str:
    """Twelve signs that can be read aloud: no 0/O, 1/l/I; three classes."""
    signs = "".join(sign for sign in string.ascii_letters + string.digits if sign not in "0O1lI")
    while True:
        password = "".join(secrets.choice(signs) for _sign in range(12))
        if not rules.password_fault(password, police_no="", name_forms=[]):
            return password


# Sign-in


@dataclass(frozen=True)
class SignIn:
    """A sign-in that was let through, and the one before it, for the person to recognise."""

    person: Person
    last_at: datetime | None
    last_from: str


def sign_in(*, police_no: str, password: str, address: str, now: datetime) -> SignIn:
    """Check number and password of whoever stands at the door.

    Five failures lock the account and fifty the address for 15 minutes, the address widely because a whole station
    may come from one. A try is counted before its password is looked at, so that tries sent at once all count; a
    success takes its own back. Unknown numbers are treated as known ones.
    """
    police_no = normalise_code(police_no)[:32]
    tries = _count_try(police_no, address, now)
    person = Person.objects.filter(police_no__iexact=police_no).first()
    is_right = check_password(password, person.password if person else "!")
    if person is None or not is_right:
        _refuse_sign_in(person, police_no, _sentence_of_failure(tries, now), now)
    if not person.is_active:
        _refuse_sign_in(person, police_no, _("账号已停用，要恢复找系统管理员。"), now)
    last_at, last_from = person.signed_in_at, person.signed_in_from
    with transaction.atomic():
        _forgive(police_no, address)
        person.signed_in_at, person.signed_in_from = now, address
        person.save(update_fields=["signed_in_at", "signed_in_from"])
        audit.record("session.opened", person, by=person, now=now)
    return SignIn(person, last_at, last_from)


def sign_out(*, by: Person, expired: bool = False, now: datetime | None = None) -> None:
    """Note the end of a session, by the person or by the clock."""
    audit.record("session.expired" if expired else "session.closed", by, by=by, now=now)


def _refuse_sign_in(person: Person | None, police_no: str, sentence: str, now: datetime) -> None:
    """Only the outline of an unknown number is kept: it is often a password typed into the wrong box."""
    typed = police_no if person else f"{police_no[:1]}***（{len(police_no)}）"
    audit.record("session.refused", person, by=None, note=typed, result="refused", now=now)
    raise Refused(sentence)


def _sentence_of_failure(tries: int, now: datetime) -> str:
    left = ACCOUNT_TRIES - tries
    if left > 0:
        return _("警号或密码不对，还可试%d次，之后锁定15分钟。") % left
    return _("连续%(count)d次不对，账号锁定到 %(until)s；急用找系统管理员重置密码。") % {
        "count": ACCOUNT_TRIES,
        "until": f"{timezone.localtime(now + LOCK):%H:%M}",
    }


@transaction.atomic
def _count_try(police_no: str, address: str, now: datetime) -> int:
    """Count one try of the account and of the address; says the account's count, or refuses while one is locked."""
    account = _one_more(_try_key("account", police_no), ACCOUNT_TRIES, now, _("账号已锁定，%s 后再试。"))
    _one_more(_try_key("address", address), ADDRESS_TRIES, now, _("从这个地址输错的次数太多，%s 后再试。"))
    return account


def _one_more(key: str, limit: int, now: datetime, locked: str) -> int:
    row, _made = SignInTry.objects.select_for_update(no_key=True).get_or_create(key=key, defaults={"counted_from": now})
    if row.locked_until is not None and row.locked_until > now:
        raise Refused(locked % f"{timezone.localtime(row.locked_until):%H:%M}")
    if row.locked_until is not None or row.counted_from <= now - LOCK:
        row.failures, row.counted_from = 0, now
    row.failures += 1
    row.locked_until = now + LOCK if row.failures >= limit else None
    row.save(update_fields=["failures", "counted_from", "locked_until"])
    return row.failures


def _forgive(police_no: str, address: str) -> None:
    SignInTry.objects.filter(key=_try_key("account", police_no)).delete()
    SignInTry.objects.filter(key=_try_key("address", address), failures__gt=0).update(
        failures=F("failures") - 1, locked_until=None
    )


def _try_key(kind: str, value: str) -> str:
    return salted_hmac("brigade.org.SignInTry", f"{kind}:{value.casefold()}", algorithm="sha256").hexdigest()


def forget_sign_ins(*, now: datetime) -> str:
    """Remove sessions and counts of failures that have lost their meaning. A timed job."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    gone, _by_model = SignInTry.objects.filter(counted_from__lt=now - 4 * LOCK).delete()
    return _("清除%d条过期的登录计数") % gone


# Duty


@transaction.atomic
def arrange_duty(
    *, by: Any, unit: Unit, start: date, end: date, leaders: list[Person], now: datetime | None = None
) -> list[DutyTurn]:
    """Let `leaders` lead the shift of `unit` in turn, a day each, from `start` to `end` inclusive. Clerk, leaders.

    What was arranged for these days before is replaced; both are in the audit. Refused beyond a year.
    """
    _may(by, "org.change_dutyturn", unit)
    if end < start:
        raise Refused(_("止日不能早于起日。"), field="end")
    if (end - start).days >= 366:
        raise Refused(_("一次最多排一年。"), field="end")
    if not leaders:
        raise Refused(_("至少选一名带班领导。"), field="leaders")
    before = dict(DutyTurn.objects.filter(unit=unit, day__range=(start, end)).values_list("day", "person__name"))
    DutyTurn.objects.filter(unit=unit, day__range=(start, end)).delete()
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    turns = [DutyTurn(unit=unit, day=day, person=leaders[n % len(leaders)]) for n, day in enumerate(days)]
    DutyTurn.objects.bulk_create(turns)
    changes = {turn.day.isoformat(): [before.get(turn.day), turn.person.name] for turn in turns}
    audit.record("duty.arranged", unit, by=by, changes=changes, now=now)
    return turns


# Sensitive fields


def reveal(*, by: Any, target: models.Model, field: str, reason: str, now: datetime | None = None) -> str:
    """The plain value of a sensitive field of any row, for a stated reason that the audit keeps.

    Whoever holds `<app>.reveal_<model>` on the row's unit; of oneself, everybody. Nothing is shown unless the audit
    row is written.
    """
    if field not in getattr(target, "SENSITIVE", ()):
        raise Refused(_("这一项不是敏感信息。"))
    if target != by:
        _may(by, rules.reveal_permission(target), target)
    with transaction.atomic():
        note = _need(reason, "reason", _("写明查看事由。"))
        audit.record("field.revealed", target, by=by, changes={"field": field}, note=note, now=now)
        return rules.unsealed(target, field)


def _need(text: str, field: str, sentence: str) -> str:
    text = clean_text(text)
    if not text:
        raise Refused(sentence, field=field)
    return text


def _may(by: Any, perm: str, obj: Any) -> None:
    """A permission on a thing; what hangs nowhere (a root unit) is the set-up's alone."""
    allowed = by.has_perm(perm, obj) if obj is not None else getattr(by, "is_system", False)
    if not allowed:
        raise NotAllowed(_("你没有办理这一步的权限。"))
