"""Enter into the search index what is not in it yet; harmless to repeat."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from brigade.search.actions import catch_up


class Command(BaseCommand):
    help = "把还不在搜索索引里的记录、人员和单位补进去，可以重复运行。"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(catch_up(now=timezone.now()))
