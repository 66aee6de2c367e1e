"""Units, people and grants for tests: `unit()`, `person("clerk", at=squadron)`, `grant(person, "clerk", unit)`."""

from datetime import date
from itertools import count
from typing import Any

from brigade.org.models import Grant, Person, Posting, Unit, UnitPlacement
from brigade.org.states import Tree, UnitKind

LONG_AGO = date(2020, 1, 1)
PASSWORD = "Zhongdui-2026"

_serial = count(1)


def unit(name: str = "", *, parent: Unit | None = None, tree: str = Tree.LINE, kind: str = "", **fields: Any) -> Unit:
    """A unit that has been open for long, with the placement that belongs to it."""
    n = next(_serial)
    name = name or f"第{n}中队"
    kind = kind or (UnitKind.SQUADRON if parent else UnitKind.BRIGADE)
    values = {"code": f"U{n:05}", "name": name, "short_name": name[:24], "opened_on": LONG_AGO} | fields
    made = Unit.objects.create(tree=tree, kind=kind, parent=parent, **values)
    made.path = f"{parent.path if parent else ''}{made.pk}/"
    made.save(update_fields=["path"])
    UnitPlacement.objects.create(unit=made, parent=parent, path=made.path, starts_on=made.opened_on)
    return made


def person(*roles: str, at: Unit | None = None, name: str = "", password: str = "", **fields: Any) -> Person:
    """Somebody who works in `at` and holds `roles` on it; without a password he cannot sign in by the door."""
    n = next(_serial)
    no = fields.pop("police_no", f"{n:06}")
    name = name or f"民警{n}"
    values = {"must_change_password": False, "search_text": f"{no} {name}".casefold()} | fields
    made = Person(police_no=no, name=name, **values)
    if password:
        made.set_password(password)
    else:
        made.set_unusable_password()
    made.save(force_insert=True)
    if at is not None:
        Posting.objects.create(person=made, unit=at, starts_on=LONG_AGO)
    for role in roles:
        assert at is not None, "a role is held on a unit"
        grant(made, role, at)
    return made


def grant(person: Person, role: str, unit: Unit, *, starts_on: date = LONG_AGO, ends_on: date | None = None) -> Grant:
    return Grant.objects.create(
        person=person, role=role, unit=unit, starts_on=starts_on, ends_on=ends_on, granted_by="测试"
    )
