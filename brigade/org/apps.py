from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _


class OrgConfig(AppConfig):
    name = "brigade.org"
    verbose_name = _("机构与人员")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from brigade.kit import discover
        from brigade.org.rules import HOLDINGS
        from brigade.org.states import PERMISSIONS

        PERMISSIONS.clear()
        for module in discover.rooms("rules"):
            for perm, roles in getattr(module, "GRANTS", {}).items():
                if perm in PERMISSIONS:
                    raise ImproperlyConfigured(f"{module.__name__}: permission {perm!r} is declared twice")
                PERMISSIONS[perm] = frozenset(str(role) for role in roles)
        HOLDINGS.clear()
        HOLDINGS.update(discover.gather("actions", "HOLDINGS"))
