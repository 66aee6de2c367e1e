"""Accounts and passwords. Hashes are made and checked outside transactions: they take a tenth of a second."""

from __future__ import annotations

import secrets
import string
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit import pinyin
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, needed
from brigade.org import rules
from brigade.org.actions.grants import check_others_grant
from brigade.org.actions.sessions import try_key
from brigade.org.models import PasswordHistory, Person, SignInTry
from brigade.org.states import ADMIN_ROLES, Role


@transaction.atomic
def disable_account(*, by: Any, person: Person, reason: str, now: datetime | None = None) -> Person:
    """Stop an account: signed out at the next request, all grants without effect. System administrator."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    rules.check_may(by, "org.change_person", person)
    if by.pk == person.pk:
        raise Refused(_("不能停用自己的账号。"))
    if not person.is_active:
        raise Refused(_("%s的账号已经停用。") % person.name)
    today = timezone.localdate(now)
    for grant in person.grants.on(today).filter(role=Role.SECURITY_ADMIN).select_related("unit"):
        check_others_grant(grant.unit, person, today)
    person.is_active = False
    person.save(update_fields=["is_active"])
    audit.record("account.disabled", person, by=by, note=needed(reason, "reason", _("写明停用事由。")), now=now)
    return person


@transaction.atomic
def enable_account(*, by: Any, person: Person, reason: str = "", now: datetime | None = None) -> Person:
    """Let an account sign in again; grants that still run are in force again. System administrator."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    rules.check_may(by, "org.change_person", person)
    if person.is_active:
        raise Refused(_("%s的账号没有停用。") % person.name)
    person.is_active = True
    person.save(update_fields=["is_active"])
    audit.record("account.enabled", person, by=by, note=clean_text(reason), now=now)
    return person


def reset_password(
    *, by: Any, person: Person, password: str = "", must_change: bool = True, now: datetime | None = None
) -> str:
    """Give a first or forgotten password, valid for one sign-in; returns it, to be handed over once.

    System administrator; an administrator's own only at the server's console (`SYSTEM`), else one administrator
    could sign in as the other and be two. Open sessions of the person end, a lock is lifted.
    """
    rules.check_may(by, "org.change_person", person)
    is_console = getattr(by, "is_system", False)
    if not is_console:
        if any(grant.role in ADMIN_ROLES for grant in person.grants.reaching(timezone.localdate(now))):
            raise Refused(_("管理员的密码只能在服务器控制台重置。"))
        password, must_change = "", True
    password = password or first_password()
    hashed = make_password(password)
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        _keep_password(person, hashed, must_change, now)
        SignInTry.objects.filter(key=try_key("account", person.police_no)).delete()
        audit.record("password.reset", person, by=by, now=now)
    return password


def keep_first_password(*, by: Any, person: Person, hashed: str, now: datetime | None = None) -> None:
    """Keep the hash of a first password that was made ahead, by `first_password`. System administrator, audited."""
    rules.check_may(by, "org.change_person", person)
    _keep_password(person, hashed, True, now)
    audit.record("password.reset", person, by=by, now=now)


def set_password(*, by: Person, current: str, new: str, now: datetime | None = None) -> Person:
    """Change one's own password. Other sessions of the person end; the caller renews its own."""
    if not check_password(current, by.password):
        raise Refused(_("现在的密码不对。"), field="current")
    forms = pinyin.search_forms(by.name, surname=True)
    if fault := rules.password_fault(new, police_no=by.police_no, name_forms=[by.name, *forms]):
        raise Refused(fault, field="new")
    old = by.password_history.order_by("-changed_at").values_list("password", flat=True)
    if any(check_password(new, known) for known in {by.password, *old[: rules.PASSWORDS_REMEMBERED]}):
        raise Refused(_("不能用最近%d次用过的密码。") % rules.PASSWORDS_REMEMBERED, field="new")
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


def first_password() -> str:
    """Twelve signs that can be read aloud: no 0/O, 1/l/I; three classes."""
    signs = "".join(sign for sign in string.ascii_letters + string.digits if sign not in "0O1lI")
    while True:
        password = "".join(secrets.choice(signs) for _sign in range(12))
        if not rules.password_fault(password, police_no="", name_forms=[]):
            return password
