"""Load the categories of hazards that are missing; harmless to repeat."""

from typing import Any

from django.core.management.base import BaseCommand

from enforcement.hazards.actions import load_categories


class Command(BaseCommand):
    help = "载入缺少的隐患类别和缺陷，不覆盖已有的，可以重复运行。"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(load_categories())
