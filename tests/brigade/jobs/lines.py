"""A schedule for the tests, with jobs that work, fail, refuse, lose their lease and take long."""

import time
from datetime import datetime
from datetime import time as clock

from django.db import transaction

from brigade.jobs import actions
from brigade.jobs.models import Job, Pulse
from brigade.jobs.rules import Daily, Every, Timed, Workdays
from brigade.kit.refusals import Refused

HERE = "tests.brigade.jobs.lines"

SCHEDULE = [
    Timed("daily_report", "日报", f"{HERE}.report", Workdays(clock(17, 40)), "all"),
    Timed("digest", "每日提醒", f"{HERE}.report", Workdays(clock(8, 30)), "latest"),
    Timed("wait_alert", "等候预警", f"{HERE}.report", Every(1), "none"),
    Timed("opening", "开门检查", f"{HERE}.report", Daily(clock(8, 10)), "none"),
]
RUNNERS = {
    "count": f"{HERE}.count",
    "fail": f"{HERE}.fail",
    "refuse": f"{HERE}.refuse",
    "overtaken": f"{HERE}.overtaken",
}


def report(*, now: datetime) -> str:
    return f"{now:%m-%d %H:%M}"


def count(*, job: Job) -> str:
    """Leave `steps` effects, each with a name of its own, in small transactions."""
    steps = job.payload["steps"]
    for step in range(steps):
        with transaction.atomic():
            Pulse.objects.get_or_create(name=f"step {step}", defaults={"at": job.planned_at})
        actions.progress(job, (step + 1) * 100 // steps)
        time.sleep(job.payload.get("pause", 0))
    return f"{steps} steps"


def fail(*, job: Job) -> str:
    raise ZeroDivisionError(f"attempt {job.attempts}")


def refuse(*, job: Job) -> str:
    raise Refused("没有可导出的记录。")


def overtaken(*, job: Job) -> str:
    Job.objects.filter(pk=job.pk).update(lease_owner="somebody else")
    actions.progress(job, 50)
    return "never"


def run_in_child(job_id: int) -> None:
    actions.run(job_id)
