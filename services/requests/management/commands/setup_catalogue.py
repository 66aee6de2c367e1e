"""Bring the catalogue of services to what its file says; harmless to repeat."""

from typing import Any

from django.core.management.base import BaseCommand

from services.requests.actions import load_catalogue


class Command(BaseCommand):
    help = "载入服务事项目录：新增的加入，变更的成为新版本，没有了的停办，可以重复运行。"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(load_catalogue())
