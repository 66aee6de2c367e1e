from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IndicatorsConfig(AppConfig):
    name = "brigade.indicators"
    verbose_name = _("指标")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from brigade.indicators.rules import FIGURES
        from brigade.kit.discover import gather

        FIGURES.clear()
        FIGURES.update(gather("indicators", "FIGURES"))
