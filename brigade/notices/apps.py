from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from brigade.kit.discover import gather


class NoticesConfig(AppConfig):
    name = "brigade.notices"
    verbose_name = _("消息")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from brigade.notices.rules import NOTICES

        NOTICES.update(gather("notices", "NOTICES"))
