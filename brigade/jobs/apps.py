from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "brigade.jobs"
    verbose_name = _("后台任务")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(_every_job_can_be_run)


def _every_job_can_be_run(**_options: Any) -> list[checks.CheckMessage]:
    """Each name of the schedule leads to code that is there."""
    from brigade.jobs.queries import runner, runners, schedule

    found: list[checks.CheckMessage] = []
    for name in (*schedule(), *runners()):
        try:
            runner(name)
        except ImportError as error:
            found.append(checks.Error(f"job {name!r}: {error}", id="jobs.E001"))
    return found
