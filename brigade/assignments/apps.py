from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssignmentsConfig(AppConfig):
    name = "brigade.assignments"
    verbose_name = _("交办")
    default_auto_field = "django.db.models.BigAutoField"
