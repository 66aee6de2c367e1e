"""Notices and ways out for the tests, usable in a child process too."""

import time
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.notices import actions
from brigade.notices.models import Message
from brigade.notices.rules import NOTICES, Notice
from brigade.notices.states import Channel
from brigade.org.models import Person

HERE = "tests.brigade.notices.letters"
ALL = (Channel.APP, Channel.EMAIL, Channel.SMS)


def unit_is_open(unit) -> bool:
    return unit.closed_on is None


LETTERS = [
    Notice("test.plain", "提醒", "%(what)s即将到期", "请在%(day)s前办理。"),
    Notice("test.outside", "提醒", "%(what)s即将到期", channels=ALL, still_true=unit_is_open),
    Notice("test.urgent", "警情", "%(what)s", channels=(Channel.APP, Channel.SMS), urgent=True),
    Notice("test.short", "预约", "%(what)s", channels=(Channel.SMS,), valid_for=timedelta(hours=2)),
    Notice("test.list", "清单", lambda context: "、".join(context["lines"])),
]


def register() -> None:
    NOTICES.update({letter.code: letter for letter in LETTERS})


class Doubtful:
    """A gateway that breaks off in the middle, and cannot say afterwards what became of it."""

    def send(self, message: Message) -> None:
        raise TimeoutError("no answer")

    def was_sent(self, message: Message) -> None:
        return None


class SlowDrop(actions.FileDrop):
    """Takes its time, and writes down each time that it has sent."""

    def send(self, message: Message) -> None:
        time.sleep(0.02)
        super().send(message)
        with (Path(settings.OUTBOX_DIR) / "log").open("a") as log:
            log.write(f"{message.effect_key}\n")


def deliver_in_child(now: str) -> None:
    register()
    actions.deliver(now=datetime.fromisoformat(now))


# A reminder run over many people, in batches

SCHEDULE: list = []
RUNNERS = {"remind": f"{HERE}.remind"}
STEP = 250


def remind(*, job: Job) -> str:
    """Remind everybody once; each batch is a transaction of its own."""
    people = list(Person.objects.order_by("pk"))
    for start in range(0, len(people), STEP):
        with transaction.atomic():
            actions.post(
                "test.plain",
                to=people[start : start + STEP],
                context={"what": "五月会议记录", "day": "6月5日"},
                period="2026-06-01",
                now=job.planned_at,
            )
        jobs.progress(job, (start + STEP) * 100 // len(people))
    return f"{len(people)}"


def remind_in_child(job_id: int) -> None:
    register()
    jobs.run(job_id)
