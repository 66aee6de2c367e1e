from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    name = "brigade.search"
    verbose_name = _("搜索")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(index_table, sender=self)


def index_table(using: str, **kwargs: Any) -> None:
    """After a migration the full text index stands, whatever it did to the table."""
    from brigade.search import actions, models

    if models.Entry._meta.db_table in connections[using].introspection.table_names():
        actions.make_index(using)
