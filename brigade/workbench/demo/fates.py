"""How a hazard of the demo world goes: what becomes of most, and those whose stand today is wished."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import NamedTuple

from brigade.kit.clocks import add_workdays, at
from brigade.reference.queries import calendar
from brigade.workbench.demo.kinds import Kind
from brigade.workbench.demo.story import Story

Script = Callable[[Story, Kind], None]


def _sent(story: Story, *, is_major: bool = False, key_reason: str = "") -> None:
    story.register()
    story.grade(is_major, key_reason)
    story.notify()


def _begun(story: Story, kind: Kind, **grade: object) -> None:
    _sent(story, **grade)  # type: ignore[arg-type]
    story.accept()
    story.start(kind.remedy)


def _finished(story: Story, kind: Kind, share: float) -> None:
    """Handed in when that share of the term is over (more than 1: late), verified, closed, visited again."""
    hazard = story.hazard
    term = hazard.due_at - hazard.delivered_at
    day = (hazard.delivered_at + term * share).date()
    story.submit(at(day, time(story.random.randrange(9, 17), 30)), kind.remedy)
    story.verify()
    story.recheck()


def mended(story: Story, kind: Kind) -> None:
    _begun(story, kind)
    _finished(story, kind, story.random.uniform(0.3, 0.95))


def mended_late(story: Story, kind: Kind) -> None:
    _begun(story, kind)
    _finished(story, kind, story.random.uniform(1.06, 1.5))


def mended_at_the_second_try(story: Story, kind: Kind) -> None:
    _begun(story, kind)
    hazard = story.hazard
    half = hazard.delivered_at + (hazard.due_at - hazard.delivered_at) / 2
    story.submit(at(half.date(), time(15)), kind.remedy)
    story.find_unmended()
    _finished(story, kind, 0.97)


def mended_with_more_time(story: Story, kind: Kind) -> None:
    _begun(story, kind)
    story.extend(10)
    _finished(story, kind, 0.94)


def mended_after_dispute(story: Story, kind: Kind) -> None:
    _sent(story)
    story.dispute()
    story.uphold()
    story.accept()
    story.start(kind.remedy)
    _finished(story, kind, 0.9)


def unfounded(story: Story, kind: Kind) -> None:
    story.invalidate()


def stuck(story: Story, kind: Kind) -> None:
    """The owner has begun and does not come to an end."""
    _begun(story, kind)
    story.progress("材料已进场，等施工队")
    story.run_late(story.world.now)


def extension_waits(story: Story, kind: Kind) -> None:
    _begun(story, kind)
    story.extend(10, is_answered=False, asked_on=add_workdays(story.world.today, -1, calendar()).date)


def not_signed(story: Story, kind: Kind) -> None:
    _sent(story)


def signed(story: Story, kind: Kind) -> None:
    _sent(story)
    story.accept()


def disputed(story: Story, kind: Kind) -> None:
    _sent(story)
    story.dispute()


def graded_only(story: Story, kind: Kind) -> None:
    story.register()
    story.grade()


def registered_only(story: Story, kind: Kind) -> None:
    story.register()


def reported_only(story: Story, kind: Kind) -> None:
    """Nobody has looked at it yet."""


def handed_in(story: Story, kind: Kind) -> None:
    _begun(story, kind)
    day = add_workdays(story.world.today, -2, calendar()).date
    story.submit(at(day, time(15, 20)), kind.remedy)


def deferred(story: Story, kind: Kind) -> None:
    _begun(story, kind)
    story.defer(70)


def relapsed(story: Story, kind: Kind) -> None:
    _begun(story, kind)
    story.submit(at((story.hazard.due_at - timedelta(days=12)).date(), time(15)), kind.remedy)
    story.verify()
    story.reopen(45)
    story.progress("护栏板已订货")


def major_under_way(story: Story, kind: Kind) -> None:
    _sent(story, is_major=True, key_reason="三年内发生亡人事故2起")
    story.list("city", f"聊安办〔{story.moment.year}〕31号", "副市长")
    story.accept()
    story.start(kind.remedy)
    story.progress("护栏和标志基础已完成")


def major_late(story: Story, kind: Kind) -> None:
    _sent(story, is_major=True, key_reason="桥头临水，校车必经")
    story.accept()
    story.start(kind.remedy)
    story.progress("施工图已审")
    story.report_up(story.list("county", f"东交安办〔{story.moment.year}〕9号", "副区长"))
    story.run_late(story.world.now)


def major_done(story: Story, kind: Kind) -> None:
    _sent(story, is_major=True, key_reason="三年内发生亡人事故2起")
    row = story.list("county", f"东交安办〔{story.moment.year}〕3号", "副区长")
    story.accept()
    story.start(kind.remedy)
    hazard = story.hazard
    half = hazard.delivered_at + (hazard.due_at - hazard.delivered_at) / 2
    story.submit(at(half.date(), time(11)), kind.remedy)
    story.verify()
    story.delist(row, f"东交安办〔{story.moment.year}〕14号")
    story.recheck()


COURSE: tuple[tuple[int, Script], ...] = (
    (70, mended),
    (9, mended_late),
    (6, mended_at_the_second_try),
    (5, mended_with_more_time),
    (3, mended_after_dispute),
    (4, unfounded),
)
"""What becomes of most; those found lately simply have not come that far."""


class Pinned(NamedTuple):
    """One whose stand today is wished: sort of hazard by its title, found so many days ago (working days up to
    three weeks, so that a weekend changes nothing), and how it went."""

    title: str
    ago: int
    script: Script
    town: str = ""


PINNED = (
    Pinned("平交路口缺让行标志", 0, reported_only),
    Pinned("路面坑槽", 0, reported_only, "闫寺街道"),
    Pinned("支路接入视距不良", 4, reported_only),
    Pinned("标线磨损看不清", 3, registered_only),
    Pinned("行道树遮挡视线", 6, graded_only),
    Pinned("支路接入视距不良", 13, not_signed, "梁水镇"),
    Pinned("急弯前缺警告标志", 9, disputed),
    Pinned("支路接入坡差大", 12, signed),
    Pinned("标线磨损看不清", 28, extension_waits),
    Pinned("护栏被撞损坏", 30, handed_in, "闫寺街道"),
    Pinned("爆闪警示灯不亮", 7, handed_in, "梁水镇"),
    Pinned("路面坑槽", 36, stuck),
    Pinned("穿村路段无减速带", 74, stuck, "梁水镇"),
    Pinned("支路接入坡差大", 84, stuck),
    Pinned("标线磨损看不清", 70, stuck),
    Pinned("指路标志被行道树遮挡", 41, stuck, "柳园街道"),
    Pinned("临水路段无防护", 25, stuck, "闫寺街道"),
    Pinned("施工路段标志不全", 10, signed, "古楼街道"),
    Pinned("临水路段无防护", 68, deferred),
    Pinned("护栏被撞损坏", 95, relapsed),
    Pinned("桥头护栏缺失12米", 120, major_under_way),
    Pinned("桥头护栏缺失12米", 216, major_late),
    Pinned("桥头护栏缺失12米", 330, major_done),
)
