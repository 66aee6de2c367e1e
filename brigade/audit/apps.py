from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "brigade.audit"
    verbose_name = _("审计")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(guard_tables, sender=self)


def guard_tables(using: str, **kwargs: Any) -> None:
    """After a migration the triggers stand again, whatever it did to the tables."""
    from brigade.audit import actions, rules

    if {rules.EVENTS, rules.SEALS} <= set(connections[using].introspection.table_names()):
        actions.make_triggers(using)
