from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BranchesConfig(AppConfig):
    name = "partybuilding.branches"
    verbose_name = _("支部")
    default_auto_field = "django.db.models.BigAutoField"
