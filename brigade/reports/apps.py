from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "brigade.reports"
    verbose_name = _("报告")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from brigade.kit.discover import gather
        from brigade.reports.rules import SHEETS

        SHEETS.clear()
        SHEETS.update(gather("documents", "SHEETS"))
