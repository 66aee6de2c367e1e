from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ObligationsConfig(AppConfig):
    name = "brigade.obligations"
    verbose_name = _("应办事项")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from brigade.kit.discover import gather
        from brigade.obligations.rules import RULES

        RULES.clear()
        RULES.update(gather("obligations", "RULES"))
