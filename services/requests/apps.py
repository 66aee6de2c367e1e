from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequestsConfig(AppConfig):
    name = "services.requests"
    verbose_name = _("办件")
    default_auto_field = "django.db.models.BigAutoField"
