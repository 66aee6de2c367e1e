from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class KitConfig(AppConfig):
    name = "brigade.kit"
    verbose_name = _("工具")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(check_crypto, checks.Tags.security)


def check_crypto(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """The ciphers give their published results and the keys are in order, or nothing starts."""
    from brigade.kit import crypto

    return [checks.Error(problem, id="kit.E001") for problem in crypto.self_test()]
