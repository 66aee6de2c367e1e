"""Every timed job, and every job that a person's action can queue; nothing else is ever run in the background."""

from datetime import time

from brigade.jobs.rules import Daily, Every, Timed

SCHEDULE: list[Timed] = [
    Timed("notices.relay", "发送短信和邮件", "brigade.notices.actions.relay", Every(1)),
    Timed("notices.warn_calendar", "缺少放假安排时提醒", "brigade.notices.actions.warn_calendar", Daily(time(9, 0))),
    Timed("jobs.forget_old", "清理旧的任务记录", "brigade.jobs.actions.forget_old", Daily(time(2, 30))),
]

RUNNERS: dict[str, str] = {}
