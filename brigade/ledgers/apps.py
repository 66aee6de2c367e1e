from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgersConfig(AppConfig):
    name = "brigade.ledgers"
    verbose_name = _("台账")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from brigade.kit import discover
        from brigade.ledgers.rules import IMPORTS

        IMPORTS.clear()
        IMPORTS.update(discover.gather("imports", "IMPORTS"))
