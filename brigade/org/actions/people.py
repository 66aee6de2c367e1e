"""People and where they work."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit import pinyin
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, normalise_code
from brigade.org import rules
from brigade.org.actions.units import lock_open
from brigade.org.models import Person, Posting, Unit
from brigade.org.states import PersonKind
from brigade.search import actions as search


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
    rules.check_may(by, "org.change_person", unit)
    unit = lock_open(unit, starts_on)
    police_no = normalise_code(police_no)
    if Person.objects.filter(police_no__iexact=police_no).exists():
        raise Refused(_("警号%s已登记过。") % police_no, field="police_no")
    person = Person(police_no=police_no, name=clean_text(name), kind=kind, is_synthetic=is_synthetic)
    person.set_unusable_password()
    person.search_text = _search_text(person)
    person.save(force_insert=True)
    _keep_phone(person, phone)
    search.enter([person])
    Posting.objects.create(person=person, unit=unit, title=clean_text(title), starts_on=starts_on)
    audit.record("person.enrolled", person, by=by, changes={"unit": [None, unit.name]}, now=now)
    return person


@transaction.atomic
def change_person(
    *,
    by: Any,
    person: Person,
    name: str,
    kind: PersonKind | str,
    phone: str | None = None,
    version: int | None = None,
    now: datetime | None = None,
) -> Person:
    """Correct name, kind or phone; a phone of None stays as it is. System administrator.

    `version` is the one that he saw: another's change since then refuses with `Stale`.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    rules.check_may(by, "org.change_person", person)
    rules.check_fresh(person, version)
    changes: dict[str, Any] = {}
    for field, value in (("name", clean_text(name)), ("kind", str(kind))):
        if getattr(person, field) != value:
            changes[field] = [getattr(person, field), value]
            setattr(person, field, value)
    person.search_text = _search_text(person)
    person.version += 1
    person.save(update_fields=["name", "kind", "search_text", "version"])
    if phone is not None:
        changes["phone_sealed"] = [person.phone_tail, _keep_phone(person, phone)]
    search.keep([person])
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

    Posting to where he has just been posted changes nothing. A secondment goes on. Grants stay: they are the security
    administrator's to end.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    rules.check_may(by, "org.change_person", person)
    rules.check_may(by, "org.change_person", unit)
    unit = lock_open(unit, starts_on)
    lasting = person.postings.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=starts_on), is_secondment=False)
    current = lasting.select_related("unit").order_by("-starts_on", "-pk").first()
    if current is not None:
        if (current.unit_id, current.title, current.starts_on) == (unit.pk, clean_text(title), starts_on):
            return current
        if starts_on < current.starts_on:
            raise Refused(_("现任职从%s起，新任职不能早于这一天。") % current.starts_on, field="starts_on")
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
    rules.check_may(by, "org.change_person", person)
    posting = person.postings.filter(ends_on__isnull=True).first()
    if posting is None:
        raise Refused(_("%s现在没有任职。") % person.name)
    rules.check_span(posting.starts_on, ends_on)
    posting.ends_on = ends_on
    posting.save(update_fields=["ends_on"])
    audit.record("person.unposted", person, by=by, changes={"ends_on": [None, ends_on.isoformat()]}, now=now)
    return posting
