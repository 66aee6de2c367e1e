from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    name = "brigade.files"
    verbose_name = _("附件")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from brigade.files.states import FORMS
        from brigade.kit.discover import gather

        FORMS.clear()
        FORMS.update(gather("documents", "FORMS"))
