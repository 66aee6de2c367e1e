"""Who may do what with units, people and grants; how a password must look; how a sensitive field is kept."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from brigade.kit import crypto
from brigade.kit.refusals import NotAllowed, Refused, Stale
from brigade.org.models import Person, Unit, Versioned
from brigade.org.states import ADMIN_ROLES, ChangeKind, Role, Tree, UnitKind

TREES = {UnitKind.HALL: Tree.HALL, UnitKind.ORGANISATION: Tree.OUTSIDE}
TREES |= dict.fromkeys((UnitKind.GENERAL_BRANCH, UnitKind.PARTY_BRANCH), Tree.PARTY)
"""Kinds that say by themselves to which tree a unit belongs; all others are of the line of command."""

GRANTS: dict[str, tuple[Role, ...]] = {
    "org.view_unit": tuple(Role),
    "org.view_person": tuple(Role),
    "org.reveal_person": (
        Role.CLERK,
        Role.SQUADRON_LEADER,
        Role.DEPUTY_LEADER,
        Role.BRIGADE_LEADER,
        Role.POLITICAL_OFFICER,
        Role.HALL_HEAD,
    ),
    "org.change_dutyturn": (Role.CLERK, Role.BRIGADE_LEADER, Role.POLITICAL_OFFICER),
    "org.hand_over_person": (Role.BRIGADE_LEADER, Role.POLITICAL_OFFICER),
    "org.change_unit": (Role.SYSTEM_ADMIN,),
    "org.change_person": (Role.SYSTEM_ADMIN,),
    "org.change_grant": (Role.SECURITY_ADMIN,),
}

PHONE = r"^1[3-9]\d{9}$"
PASSWORD_LENGTH = 10
PASSWORD_CLASSES = 3
PASSWORDS_REMEMBERED = 5


def check_may(by: Any, perm: str, obj: Any) -> None:
    """A permission on a thing; what hangs nowhere (a root unit) is the set-up's alone."""
    allowed = by.has_perm(perm, obj) if obj is not None else getattr(by, "is_system", False)
    if not allowed:
        raise NotAllowed(_("你没有办理这一步的权限。"))


def check_fresh(row: Versioned, version: int | None) -> None:
    """Refuse what was read before somebody else changed the locked row: who, and which fields. None is not compared."""
    if version is None or version == row.version:
        return
    edits = row.edits_since(version)
    who = "、".join(dict.fromkeys(edit.who for edit in edits)) or _("别人")
    sentence = _("这条记录刚被%s改过，看过新内容再提交；填的内容还在") % who
    raise Stale(sentence, fields={name for edit in edits for name in edit.fields})


def password_fault(password: str, *, police_no: str, name_forms: list[str]) -> str:
    """What is wrong with a new password, in one sentence; empty when nothing is."""
    classes = [string.ascii_lowercase, string.ascii_uppercase, string.digits]
    kinds = sum(any(sign in kind for sign in password) for kind in classes)
    kinds += any(all(sign not in kind for kind in classes) for sign in password)
    if len(password) < PASSWORD_LENGTH:
        return _("密码至少%d位，现在是%d位。") % (PASSWORD_LENGTH, len(password))
    if len(password) > 128:
        return _("密码最长128位。")
    if kinds < PASSWORD_CLASSES:
        return _("密码要含大写字母、小写字母、数字、其他符号中的三种。")
    plain = password.casefold()
    if any(len(form) >= 4 and form.casefold() in plain for form in (police_no, *name_forms)):
        return _("密码不能包含警号或姓名。")
    return ""


def kinds_of_change(tree: str) -> list[ChangeKind]:
    """What may become of a unit of that tree: towns are policed by the line, and the Party merges by its transfers."""
    if tree == Tree.LINE:
        return list(ChangeKind)
    return [ChangeKind.MOVE] if tree == Tree.PARTY else [ChangeKind.MERGE, ChangeKind.MOVE]


def misplaced(kind: str, tree: str) -> str:
    """Why a unit of that kind cannot be of that tree; empty when it can."""
    own = TREES.get(UnitKind(kind), Tree.LINE)
    return _("“%(kind)s”的序列是“%(tree)s”") % {"kind": UnitKind(kind).label, "tree": own.label} if own != tree else ""


def may_hang_below(tree: str, parent_tree: str) -> bool:
    """A branch or a hall hangs in its own tree or below the line of command, never the other way round."""
    return parent_tree in (tree, Tree.LINE)


def role_conflict(role: str, held: set[str]) -> str:
    """Why a person who holds `held` cannot have `role` too: administrators are separated from all and each other."""
    others = held - {role}
    if role in ADMIN_ROLES and others:
        return _("管理员角色不能与其他角色兼任，此人已有：%s。") % _words(others)
    if admins := others & ADMIN_ROLES:
        return _("此人是%s，不能再授予其他角色。") % _words(admins)
    return ""


def _words(roles: set[str]) -> str:
    return "、".join(str(role.label) for role in Role if role in roles)


def check_span(starts_on: date, ends_on: date | None) -> None:
    if ends_on is not None and ends_on < starts_on:
        raise Refused(_("止日早于起日。"), field="ends_on")


# Sensitive fields: `<field>_sealed`, `<field>_index`, `<field>_tail` beside each other on the row


def sealed(target: models.Model, field: str, plain: str) -> dict[str, str]:
    """The three columns of a sensitive field. The row must have its id: the cipher is bound to it."""
    value = plain.strip()
    return {
        f"{field}_sealed": crypto.seal(value, aad=_cell(target, field)),
        f"{field}_index": look_up(type(target), field, value),
        f"{field}_tail": crypto.tail(value),
    }


def unsealed(target: models.Model, field: str) -> str:
    return crypto.unseal(getattr(target, f"{field}_sealed"), aad=_cell(target, field))


def look_up(model: type[models.Model], field: str, plain: str) -> str:
    """The value to compare `<field>_index` with: equality can be asked for, nothing else."""
    return crypto.blind_index(plain, purpose=f"{model._meta.label_lower}.{field}")


def _cell(target: models.Model, field: str) -> str:
    return crypto.cell(target._meta.label_lower, field, target.pk)


def reveal_permission(target: Any) -> str:
    return f"{target._meta.app_label}.reveal_{target._meta.model_name}"


# What a person holds


@dataclass(frozen=True, slots=True)
class Holding:
    """A kind of thing that a person still has in hand; a slice lists its own in `actions.HOLDINGS`.

    `held(person, on)` are the rows, each with `unit_id`, in the order in which they are shown. Where somebody must take
    them over, `heirs(unit, on)` are those who may, `whom` says in words who that is, and `hand(by=, rows=, to=, now=)`
    gives them to him, through the door where they are records. Where nobody takes over, `heirs` is None, `goes` says
    what becomes of them, and `hand` is called with `to=None` on the day he leaves, after his account was closed.
    """

    code: str
    label: str | Promise
    held: Callable[[Person, date], models.QuerySet[Any]]
    hand: Callable[..., None]
    heirs: Callable[[Unit, date], models.QuerySet[Person]] | None = None
    whom: str | Promise = ""
    goes: str | Promise = ""


HOLDINGS: dict[str, Holding] = {}
"""Every slice's holdings by code; filled when the application starts."""
