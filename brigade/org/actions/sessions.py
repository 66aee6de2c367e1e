"""Signing in and out, and the count of failures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import Refused, is_full_disk
from brigade.kit.text import normalise_code
from brigade.org.models import Person, SignInTry

ACCOUNT_TRIES = 5
ADDRESS_TRIES = 50
LOCK = timedelta(minutes=15)


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
    return _("连续%(count)d次不对，账号锁定到%(until)s；急用找系统管理员重置密码。") % {
        "count": ACCOUNT_TRIES,
        "until": f"{timezone.localtime(now + LOCK):%H:%M}",
    }


@transaction.atomic
def _count_try(police_no: str, address: str, now: datetime) -> int:
    """Count one try of the account and of the address; says the account's count, or refuses while one is locked."""
    account = _one_more(try_key("account", police_no), ACCOUNT_TRIES, now, _("账号已锁定，%s后再试。"))
    _one_more(try_key("address", address), ADDRESS_TRIES, now, _("从这个地址输错的次数太多，%s后再试。"))
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
    SignInTry.objects.filter(key=try_key("account", police_no)).delete()
    SignInTry.objects.filter(key=try_key("address", address), failures__gt=0).update(
        failures=F("failures") - 1, locked_until=None
    )


def try_key(kind: str, value: str) -> str:
    """A keyed digest: what is typed into the first box is now and then a password."""
    return salted_hmac("brigade.org.SignInTry", f"{kind}:{value.casefold()}", algorithm="sha256").hexdigest()


def forget_sign_ins(*, now: datetime) -> str:
    """Remove sessions and counts of failures that have lost their meaning. A timed job."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    gone, _by_model = SignInTry.objects.filter(counted_from__lt=now - 4 * LOCK).delete()
    return _("清除%d条过期的登录计数") % gone


def note_seen(session: Any, moment: int) -> None:
    """Note activity, before the view: on a full disk one still reads, and nothing is denied that was saved already."""
    session["seen_at"] = moment
    try:
        session.save()
    except UpdateError as error:
        if not is_full_disk(error.__context__):
            return  # ended meanwhile: said when the answer is ready
    session.modified = False
