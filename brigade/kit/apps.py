from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KitConfig(AppConfig):
    name = "brigade.kit"
    verbose_name = _("工具")
    default_auto_field = "django.db.models.BigAutoField"
