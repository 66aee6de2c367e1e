"""What the leaders of the demo brigade have handed out and announced: a year of it done, the last weeks as they are."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from brigade import workflow
from brigade.assignments import actions as tasks
from brigade.assignments import queries
from brigade.assignments.models import Assignment, Line
from brigade.assignments.moves import HAND_OUT
from brigade.assignments.states import AssignmentState, LineKind
from brigade.audit.actions import SYSTEM
from brigade.kit.clocks import add_months, add_workdays, at, workday_on_or_after
from brigade.kit.ids import new_id
from brigade.notices import actions as notices
from brigade.notices.models import Announcement, Message
from brigade.org.models import Person
from brigade.org.states import Role
from brigade.reference.actions import next_number
from brigade.reference.queries import calendar
from brigade.workbench.demo.world import World
from enforcement.hazards.models import Hazard

LEADER, POLITICAL, DEPUTY, CLERK, HEAD, HALL = "D10001", "D10002", "D10003", "D10011", "D10020", "D10030"


def build(world: World) -> None:
    """Make tasks and announcements, each as somebody would have written it."""
    _year(world)
    _from_a_hazard(world)
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


MATTERS = (
    ("辖区学校门口交通设施摸底", "标志、标线、减速带逐校列表", "已逐校查看，缺的列入隐患台账。"),
    ("电动自行车头盔佩戴率回头看", "早晚高峰各一次，写清点位和人数", "早晚高峰各查两处，未佩戴的当场劝导。"),
    ("国省道平交路口让行标志排查", "缺的当场报隐患", "逐口排查，缺让行标志的已报隐患。"),
    ("重点企业车辆逾期未检验清零", "名单见台账，逐车核对", "逐车核对完毕，未检验的已停运。"),
    ("农村集市日疏导方案", "按集日排班，写清分流路线", "已按集日排班，分流路线已公示。"),
    ("爆闪警示灯完好情况检查", "不亮的三天内报维修", "检查完毕，不亮的已报维修。"),
)
"""What is handed out month by month, with what is asked and what is answered."""


def _year(world: World) -> None:
    """One matter a month, to two or three squadrons each; all done, some of them late."""
    made: list[Assignment] = []
    lines: list[Line] = []
    for months in range(11, 0, -1):
        handed_on = workday_on_or_after(add_months(world.today, -months), calendar()).date
        title, text, answer = MATTERS[months % len(MATTERS)]
        batch, by = new_id(), world.people[(LEADER, DEPUTY)[months % 2]]
        for code in sorted(world.random.sample(("CQ1", "CQ2", "NC1", "NC2"), world.random.choice((2, 3)))):
            task, said = _past(world, batch, by, code, handed_on)
            task.title, task.text = title, text
            said[0].text, said[1].text = text, answer
            made.append(task)
            lines += said
    workflow.bulk(made, HAND_OUT, by=SYSTEM, now=world.now, write=lambda _rows: Line.objects.bulk_create(lines))


def _past(world: World, batch: UUID, by: Person, code: str, day: date) -> tuple[Assignment, list[Line]]:
    """A task that was handed out on that day, answered, and done with; one in seven was answered late."""
    due_on = add_workdays(day, 8, calendar()).date
    is_late = world.random.random() < 0.15
    replied_on = add_workdays(due_on, 2 if is_late else -world.random.randrange(1, 5), calendar()).date
    handed_at, replied_at = at(day, time(9, 10)), at(replied_on, time(16, world.random.randrange(60)))
    closed_at = at(add_workdays(replied_on, 1, calendar()).date, time(10, 20))
    unit, holder = world.units[code], world.staff[code][0]
    task = Assignment(
        id=new_id(),
        batch=batch,
        unit=unit,
        number=f"DD-JB-{day.year}-{next_number(world.units['DD'].pk, 'assignment', day.year):04}",
        state=AssignmentState.DONE,
        post=Role.SQUADRON_LEADER,
        giver_unit=world.units["DD"],
        giver_post=Role.BRIGADE_LEADER if by.police_no == LEADER else Role.DEPUTY_LEADER,
        due_on=due_on,
        first_due_on=due_on,
        replied_at=replied_at,
        replied_by=holder,
        decided_at=closed_at,
        closed_at=closed_at,
        created_at=handed_at,
        created_by=by,
        is_synthetic=True,
    )
    said = [
        Line(assignment=task, kind=LineKind.HANDED_OUT, by=by, at=handed_at),
        Line(assignment=task, kind=LineKind.REPLY, by=holder, at=replied_at),
        Line(assignment=task, kind=LineKind.ACCEPTED, by=by, at=closed_at),
    ]
    return task, said


def _from_a_hazard(world: World) -> None:
    """The deputy hands out what a hazard asks for, from its page."""
    hazard = Hazard.objects.overdue(world.now).select_related("unit").order_by("due_at")[0]
    tasks.hand_out(
        by=world.people[DEPUTY],
        batch=new_id(),
        to=[(hazard.unit, Role.SQUADRON_LEADER)],
        title=f"盯办逾期隐患：{hazard.title}"[:120],
        text="到责任单位当面催办，写清卡在哪里",
        due_on=_day(world, 2),
        now=_moment(world, 2, 10),
        source=queries.source_of_record(world.people[DEPUTY], hazard.kind(), str(hazard.pk)),
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


NEWS = (
    (150, "岗亭药品饮水补充", "各中队清点岗亭药箱，缺的到办公室领取。"),
    (95, "节假日值班轮换办法", "值班表提前一周排好，换班提前一天报办公室。"),
    (40, "执法记录仪更换通知", "本周起以旧换新，到科技宣传科领取。"),
    (12, "警服补发", "按号领取，尺码不合的三天内调换。"),
)
"""Older announcements: working days ago, title, text."""


def _announcements(world: World) -> None:
    """Older ones that all have read; one to sign for, of which three have not; one to everybody; one draft."""
    for ago, title, text in NEWS:
        old = _announce(world, CLERK, ago, title, text, ["DD"])
        read_at = _moment(world, ago - 1, 9)
        old.receipts.update(read_at=read_at, done_at=read_at)
        Message.objects.about(old).update(read_at=read_at)
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
    plain = _announce(world, CLERK, 1, "本周五下午机关大院停电检修", "14:00至17:00停电，办公电脑提前关机。", ["DD"])
    read_at = min(_moment(world, 1, 11), world.now)
    readers = [receipt.pk for receipt in plain.receipts.order_by("person__police_no")][2::3]
    plain.receipts.filter(pk__in=readers).update(read_at=read_at, done_at=read_at)
    notices.draft_announcement(
        by=world.people[CLERK],
        id=new_id(),
        title="年终考核材料报送要求",
        text="各单位于12月10日前报送。",
        units=[world.units["DD"]],
        now=_moment(world, 0, 8) if world.now.hour > 8 else _moment(world, 1, 16),
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
