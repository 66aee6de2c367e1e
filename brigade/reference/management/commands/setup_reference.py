"""Load the reference data that is missing; harmless to repeat."""

from typing import Any

from django.core.management.base import BaseCommand

from brigade.reference.actions import load_reference


class Command(BaseCommand):
    help = "载入工作日历、参数、乡镇街道和村社区中缺少的部分，可以重复运行。"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(load_reference())
