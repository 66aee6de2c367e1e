"""A small world of those who act and what they act on, as the audit trail sees them: without any slice above it."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Officer:
    pk: int
    name: str
    police_no: str
    units: frozenset[int] = frozenset()

    def units_for(self, perm):
        return self.units if perm == "audit.view_auditevent" else frozenset()

    def __str__(self):
        return self.name


ZHANG = Officer(5, "张三", "012345")
AUDITOR = Officer(6, "李审", "012346", frozenset({3}))


class Meta:
    label_lower = "audit_test.hazard"
    verbose_name = "隐患"


@dataclass
class Hazard:
    SENSITIVE: ClassVar = {"informant"}
    _meta: ClassVar[Any] = Meta

    pk: int
    unit_id: int | None = None
    number: str = ""
    title: str = ""
