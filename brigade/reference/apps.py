from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferenceConfig(AppConfig):
    name = "brigade.reference"
    verbose_name = _("基础数据")
    default_auto_field = "django.db.models.BigAutoField"
