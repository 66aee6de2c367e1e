from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HazardsConfig(AppConfig):
    name = "enforcement.hazards"
    verbose_name = _("隐患整改")
    default_auto_field = "django.db.models.BigAutoField"
