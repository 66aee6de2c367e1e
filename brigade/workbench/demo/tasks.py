"""What the leaders of the demo brigade have handed out and announced lately: late, answered, waiting, done."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from brigade.assignments import actions as tasks
from brigade.assignments.models import Assignment
from brigade.kit.clocks import add_workdays, at
from brigade.kit.ids import new_id
from brigade.notices import actions as notices
from brigade.notices.models import Announcement
from brigade.org.models import Person
from brigade.org.states import Role
from brigade.reference.queries import calendar
from brigade.workbench.demo.world import World

LEADER, POLITICAL, DEPUTY, CLERK, HEAD, HALL = "D10001", "D10002", "D10003", "D10011", "D10020", "D10030"


def build(world: World) -> None:
    """Make tasks and announcements of the last weeks, each as somebody would have written it."""
    _late(world)
    _answered(world)
    _waiting(world)
    _done(world)
    _announcements(world)
    Assignment.objects.update(is_synthetic=True)
    Announcement.objects.update(is_synthetic=True)


def _day(world: World, offset: int) -> date:
    """So many working days from today."""
    return add_workdays(world.today, offset, calendar()).date


def _moment(world: World, ago: int, hour: int) -> datetime:
    return at(_day(world, -ago), time(hour))


def _hand_out(world: World, by: str, ago: int, due: int, title: str, *codes: str, text: str = "") -> list[Assignment]:
    leading = {"CGS-DT": Role.HALL_HEAD, "DZ-CQ1": Role.BRANCH_SECRETARY}
    return tasks.hand_out(
        by=world.people[by],
        batch=new_id(),
        to=[(world.units[code], leading.get(code, Role.SQUADRON_LEADER)) for code in codes],
        title=title,
        text=text,
        due_on=_day(world, due),
        now=_moment(world, ago, 9),
    )


def _late(world: World) -> None:
    """Two of three have not answered in time."""
    made = _hand_out(
        world, LEADER, 9, -3, "许营镇三轮车见面建档，补齐未见面的户", "CQ1", "CQ2", "NC1", text="逐户见面，不打电话代替"
    )
    answers = {world.units["NC1"].pk: "已见面建档18户，全部补齐。"}
    for task in made:
        if text := answers.get(task.unit_id):
            _reply(world, task, 4, text)
    first = next(task for task in made if task.unit_id == world.units["CQ1"].pk)
    tasks.remark(
        by=world.people[HEAD], assignment=first, now=_moment(world, 4, 15), text="已建档214户，还差6户，户主外出务工"
    )


def _answered(world: World) -> None:
    """One reply waits for the deputy, one was sent back."""
    made = _hand_out(world, DEPUTY, 5, 2, "城区学校门口护学岗冬季上勤时间调整", "CQ1", "CQ2")
    for task in made:
        _reply(world, task, 2, "已按7:10上岗调整，附排班。")
    tasks.send_back(
        by=world.people[DEPUTY],
        assignment=made[1],
        now=_moment(world, 1, 10),
        reason="没写放学时段，补上再报",
        due_on=_day(world, 4),
    )


def _waiting(world: World) -> None:
    """Just begun; one asks for more time."""
    made = _hand_out(world, LEADER, 3, 3, "车管所大厅午间不打烊排班", "CGS-DT", text="两周试行，月底报效果")
    tasks.ask_extension(
        by=world.people[HALL],
        assignment=made[0],
        now=_moment(world, 1, 16),
        due_on=_day(world, 8),
        reason="两名窗口人员参加培训，下周回岗",
    )
    _hand_out(world, POLITICAL, 1, 6, "冬季事故预防宣讲进村，每队两场", "CQ1", "CQ2", "NC1", "NC2")


def _done(world: World) -> None:
    for task in _hand_out(world, LEADER, 20, -12, "国省道交叉口警示灯检修情况摸底", "CQ1", "NC1", "NC2"):
        accepted = _reply(world, task, 13, "已逐个查看，故障的报维修单位。")
        tasks.accept(by=world.people[LEADER], assignment=accepted, now=_moment(world, 12, 11))


def _reply(world: World, task: Assignment, ago: int, text: str) -> Assignment:
    holder = Person.objects.filter(grants__unit=task.unit_id, grants__role=task.post).order_by("police_no")[0]
    return tasks.reply(by=holder, assignment=task, now=_moment(world, ago, 17), text=text)


def _announcements(world: World) -> None:
    """One to sign for, of which three have not; one to everybody; one draft."""
    signed = _announce(
        world,
        POLITICAL,
        2,
        "冬季路面执勤安全防护规定",
        "执勤必须穿反光背心、开警灯、设锥桶；夜间两人以上。\n各中队开班前会时传达到人。",
        ["CQ1", "CGS-DT"],
        needs_signature=True,
    )
    for n, receipt in enumerate(signed.receipts.select_related("person").order_by("person__police_no")):
        if n % 5 and receipt.person.police_no not in (HEAD, "D10021", "D10022"):
            notices.sign_announcement(by=receipt.person, announcement=signed, now=_moment(world, 1, 9 + n % 8))
    _announce(world, CLERK, 1, "本周五下午机关大院停电检修", "14:00至17:00停电，办公电脑提前关机。", ["DD"])
    notices.draft_announcement(
        by=world.people[CLERK],
        id=new_id(),
        title="年终考核材料报送要求",
        text="各单位于12月10日前报送。",
        units=[world.units["DD"]],
        now=_moment(world, 0, 8) if world.now.hour > 8 else world.now - timedelta(hours=1),
    )


def _announce(
    world: World, by: str, ago: int, title: str, text: str, codes: list[str], needs_signature: bool = False
) -> Announcement:
    return notices.issue_announcement(
        by=world.people[by],
        id=new_id(),
        title=title,
        text=text,
        units=[world.units[code] for code in codes],
        needs_signature=needs_signature,
        now=_moment(world, ago, 8),
    )
