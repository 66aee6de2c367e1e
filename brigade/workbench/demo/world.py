"""Units, people, accounts and Party organisations of the demo brigade."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from django.db import transaction

from brigade.audit.actions import SYSTEM
from brigade.kit.clocks import add_months
from brigade.org import actions as org
from brigade.org.models import Person, Unit
from brigade.org.states import PersonKind, Role, Tree, UnitKind
from partybuilding.branches import actions as branches
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.branches.states import BranchKind, ExemptionKind, JoinedBy, MemberStatus, SeatRole

SEED = 371502
FOUNDED = date(2016, 3, 1)
TERM_MONTHS = 36
EXPIRING = "CQ1"
"""The term of this branch ends in two months: its secretary prepares the election."""
SURNAMES = (
    "王李张刘陈杨赵孙周吴徐朱马胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏"
    "程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷单仇乐"
)
GIVEN = re.split(
    "、",
    "建国、志强、海峰、立新、明哲、文静、晓东、振华、洪涛、丽娜、海波、建军、秋菊、会斌、春雷、广林、志远、国栋、晓燕、永强、"
    "凤英、玉梅、金生、传喜、庆华、保国、学文、红梅、延生、长青、新民、秀兰、宏伟、德胜、淑芬、思远、雨桐、浩然、子轩、梓涵、"
    "嘉豪、欣怡、俊杰、雪、磊、涛、静、敏、超、鹏、帅、宁、蕾、倩、楠、阳、斌、刚、勇、军",
)


class Office(NamedTuple):
    """A unit of the line and how many people of each kind work there besides the named ones."""

    code: str
    kind: UnitKind
    name: str
    short: str
    officers: int
    auxiliaries: int


OFFICES = (
    Office("BGS", UnitKind.OFFICE, "办公室", "办公室", 5, 4),
    Office("ZGS", UnitKind.OFFICE, "政工室", "政工室", 3, 1),
    Office("FZK", UnitKind.OFFICE, "法制科", "法制科", 3, 1),
    Office("KXK", UnitKind.OFFICE, "科技宣传科", "科技宣传科", 6, 5),
    Office("ZHZX", UnitKind.OFFICE, "指挥中心", "指挥中心", 5, 9),
    Office("CQ1", UnitKind.SQUADRON, "城区一中队", "城区一中队", 13, 14),
    Office("CQ2", UnitKind.SQUADRON, "城区二中队", "城区二中队", 12, 13),
    Office("NC1", UnitKind.SQUADRON, "农村一中队", "农村一中队", 6, 9),
    Office("NC2", UnitKind.SQUADRON, "农村二中队", "农村二中队", 5, 9),
    Office("SGCL", UnitKind.SQUADRON, "事故处理中队", "事故处理中队", 9, 5),
    Office("CGS", UnitKind.OFFICE, "车辆管理所", "车管所", 12, 11),
)


class Branch(NamedTuple):
    """A branch: which offices its members come from, how many they are, and what it is known for."""

    code: str
    short: str
    offices: tuple[str, ...]
    members: int
    feature: str
    groups: int = 0
    since: date = FOUNDED
    retired: bool = False


def party_branches(today: date) -> tuple[Branch, ...]:
    spring = date(today.year, 4, 1) if today >= date(today.year, 4, 1) else date(today.year - 1, 4, 1)
    return (
        Branch("JG", "机关党支部", ("BGS", "ZGS", "FZK", "ZHZX"), 11, "强基先锋：服务基层走在前"),
        Branch("CQ1", "城区一中队党支部", ("CQ1",), 17, "护航先锋", groups=2),
        Branch("CQ2", "城区二中队党支部", ("CQ2",), 14, "路畅民安", groups=2),
        Branch("SG", "事故处理中队党支部", ("SGCL",), 9, "公正守心：一案一回访"),
        Branch("CG", "车管所党支部", ("CGS",), 19, "爱民实践：一次办好", groups=3),
        Branch("NC1", "农村一中队党支部", ("NC1",), 6, "千路万盏护平安"),
        Branch("NC2", "农村二中队党支部", ("NC2",), 5, "一盔一带一反光衣"),
        Branch("KX", "科技宣传党支部", ("KXK",), 7, "用数据说话", since=spring),
        Branch("LT", "离退休党支部", (), 23, "老党员传帮带", groups=2, retired=True),
    )


class Account(NamedTuple):
    """A named person with an account: who he is and what he may do where. Roles are (role, unit code)."""

    police_no: str
    name: str
    office: str
    title: str
    roles: tuple[tuple[Role, str], ...]
    kind: PersonKind = PersonKind.OFFICER
    branch: str = ""
    seat: SeatRole | None = None


ACCOUNTS = (
    Account("D10001", "秦志刚", "DD", "大队长", ((Role.BRIGADE_LEADER, "DD"), (Role.MEMBER, "DZ-JG")), branch="JG"),
    Account(
        "D10002",
        "宋延平",
        "DD",
        "教导员",
        ((Role.POLITICAL_OFFICER, "DD"), (Role.GENERAL_SECRETARY, "DZ"), (Role.MEMBER, "DZ-JG")),
        branch="JG",
    ),
    Account("D10003", "何立军", "DD", "副大队长", ((Role.DEPUTY_LEADER, "DD"), (Role.MEMBER, "DZ-JG")), branch="JG"),
    Account(
        "D10010",
        "郑国栋",
        "ZGS",
        "党建办主任",
        ((Role.PARTY_OFFICE, "DZ"), (Role.MEMBER, "DZ-JG")),
        branch="JG",
        seat=SeatRole.SECRETARY,
    ),
    Account("D10011", "韩雪梅", "BGS", "内勤", ((Role.CLERK, "DD"), (Role.BUSINESS_ADMIN, "DD"))),
    Account("D10012", "傅长青", "ZGS", "纪检员", ((Role.DISCIPLINE, "DD"), (Role.MEMBER, "DZ-JG")), branch="JG"),
    Account("D10013", "邱新民", "FZK", "督察员", ((Role.INSPECTOR, "DD"),)),
    Account(
        "D10020",
        "周海峰",
        "CQ1",
        "中队长",
        ((Role.SQUADRON_LEADER, "CQ1"), (Role.BRANCH_SECRETARY, "DZ-CQ1"), (Role.MEMBER, "DZ-CQ1")),
        branch="CQ1",
        seat=SeatRole.SECRETARY,
    ),
    Account(
        "D10021",
        "赵敏",
        "CQ1",
        "内勤",
        ((Role.RECORDER, "DZ-CQ1"), (Role.MEMBER, "DZ-CQ1")),
        branch="CQ1",
        seat=SeatRole.ORGANISATION,
    ),
    Account(
        "D10022",
        "李明哲",
        "CQ1",
        "民警",
        ((Role.OFFICER, "CQ1"), (Role.GROUP_LEADER, "DZ-CQ1"), (Role.MEMBER, "DZ-CQ1")),
        branch="CQ1",
        seat=SeatRole.PUBLICITY,
    ),
    Account(
        "D10023",
        "马晓东",
        "CQ1",
        "辅警",
        ((Role.AUXILIARY, "CQ1"), (Role.MEMBER, "DZ-CQ1")),
        kind=PersonKind.AUXILIARY,
        branch="CQ1",
    ),
    Account(
        "D10030",
        "吕洪涛",
        "CGS",
        "所长",
        ((Role.HALL_HEAD, "CGS-DT"), (Role.BRANCH_SECRETARY, "DZ-CG"), (Role.MEMBER, "DZ-CG")),
        branch="CG",
        seat=SeatRole.SECRETARY,
    ),
    Account("D10031", "苗春雷", "CGS", "值班长", ((Role.WINDOW_LEAD, "CGS-DT"), (Role.MEMBER, "DZ-CG")), branch="CG"),
    Account("D10032", "王晓燕", "CGS", "窗口民警", ((Role.WINDOW_CLERK, "CGS-DT"),)),
    Account("D10033", "邢丽娜", "CGS", "审核民警", ((Role.SERVICE_REVIEWER, "CGS-DT"),)),
    Account("D10034", "于海波", "CGS", "导办", ((Role.WINDOW_GUIDE, "CGS-DT"),), kind=PersonKind.AUXILIARY),
    Account(
        "D80001",
        "孟宪军",
        "DAB",
        "道安办干部",
        ((Role.ROAD_SAFETY_OFFICE, "DD"),),
        kind=PersonKind.OUTSIDE,
    ),
    Account("D80002", "马会良", "GLZX", "区公路中心联络员", ((Role.OWNER_LIAISON, "GLZX"),), kind=PersonKind.OUTSIDE),
    Account("D80003", "卢金生", "ZF-LS", "梁水镇政府联络员", ((Role.OWNER_LIAISON, "ZF-LS"),), kind=PersonKind.OUTSIDE),
    Account("D90001", "钱管机", "BGS", "系统管理员", ((Role.SYSTEM_ADMIN, "DD"),), kind=PersonKind.CIVILIAN),
    Account("D90002", "安守权", "BGS", "安全管理员", ((Role.SECURITY_ADMIN, "DD"),), kind=PersonKind.CIVILIAN),
    Account("D90003", "沈记账", "BGS", "审计管理员", ((Role.AUDIT_ADMIN, "DD"),), kind=PersonKind.CIVILIAN),
)
"""The accounts of the demo world, one or more a role; `make run` prints them."""
LED = {code for account in ACCOUNTS for role, code in account.roles if role == Role.SQUADRON_LEADER}
"""Squadrons whose leader has an account; of the others the first officer leads."""


@dataclass
class World:
    """What the demo world is made of, by code."""

    now: datetime
    random: Random
    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    branches: dict[str, PartyBranch] = field(default_factory=dict)
    groups: dict[str, list[PartyGroup]] = field(default_factory=dict)
    staff: dict[str, list[Person]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def start(self) -> date:
        """Since when there are records: so long that the board can compare this year with the same days of the last."""
        return date(self.today.year - 2, 12, 1)


def build(now: datetime) -> World:
    """Make units, people and Party organisations; `now` is local time."""
    world = World(now, Random(SEED))
    with transaction.atomic():
        _units(world)
        _people(world)
        _party(world)
        _duty(world)
    return world


def _units(world: World) -> None:
    def opened(code: str, tree: Tree, kind: UnitKind, name: str, short: str, parent: str = "", order: int = 0) -> None:
        world.units[code] = org.open_unit(
            by=SYSTEM,
            tree=tree,
            kind=kind,
            code=code,
            name=name,
            short_name=short,
            opened_on=FOUNDED,
            parent=world.units.get(parent),
            order=order,
            now=world.now,
        )

    opened("DD", Tree.LINE, UnitKind.BRIGADE, "聊城市公安局交巡警支队东昌府大队", "东昌府大队")
    for order, office in enumerate(OFFICES, 1):
        opened(office.code, Tree.LINE, office.kind, f"东昌府大队{office.name}", office.short, "DD", order)
    opened("CGS-DT", Tree.HALL, UnitKind.HALL, "东昌府大队车管所服务大厅", "车管所大厅", "DD", 20)


def _people(world: World) -> None:
    names = _names(world.random)
    for account in ACCOUNTS:
        if account.office not in world.units:
            continue  # of an organisation outside, see places.py
        enrol(world, account.police_no, account.name, account.office, account.title, account.kind)
        for role, code in account.roles:
            if code in world.units:
                grant(world, account.police_no, role, code)
    serial = 10100
    for office in OFFICES:
        for n in range(office.officers + office.auxiliaries):
            serial += 1
            kind = PersonKind.OFFICER if n < office.officers else PersonKind.AUXILIARY
            person = enrol(world, f"D{serial}", next(names), office.code, str(kind.label), kind)
            grant(world, person.police_no, Role.OFFICER if n < office.officers else Role.AUXILIARY, office.code)
            if office.kind == UnitKind.SQUADRON and n == 0 and office.code not in LED:
                grant(world, person.police_no, Role.SQUADRON_LEADER, office.code)
            if office.code == "CGS" and n < 6:
                grant(world, person.police_no, Role.WINDOW_CLERK, "CGS-DT")


def _names(random: Random) -> Iterator[str]:
    """Invented names, none twice; the readings of 曾单仇乐 are there to be found by."""
    used = {account.name for account in ACCOUNTS}
    while True:
        name = random.choice(SURNAMES) + random.choice(GIVEN)
        if name not in used:
            used.add(name)
            yield name


def enrol(world: World, police_no: str, name: str, office: str, title: str, kind: PersonKind) -> Person:
    person = org.enrol_person(
        by=SYSTEM,
        police_no=police_no,
        name=name,
        unit=world.units[office],
        starts_on=FOUNDED + timedelta(days=world.random.randrange(1200)),
        kind=kind,
        title=title,
        is_synthetic=True,
        now=world.now,
    )
    world.people[police_no] = person
    world.staff.setdefault(office, []).append(person)
    return person


def grant(world: World, police_no: str, role: Role, code: str) -> None:
    org.grant_role(
        by=SYSTEM,
        person=world.people[police_no],
        role=role,
        unit=world.units[code],
        starts_on=FOUNDED,
        reason="演示",
        now=world.now,
    )


def _party(world: World) -> None:
    general = branches.found_branch(
        by=SYSTEM,
        parent=world.units["DD"],
        kind=BranchKind.GENERAL,
        code="DZ",
        name="中共东昌府大队总支部委员会",
        short_name="大队党总支",
        established_on=FOUNDED,
        feature="把心放在路上，把路放在心中",
        order=30,
        now=world.now,
    )
    world.branches["DZ"] = general
    world.units["DZ"] = general.unit
    _grant_accounts(world, "DZ")
    for order, plan in enumerate(party_branches(world.today), 31):
        branch = branches.found_branch(
            by=SYSTEM,
            parent=general.unit,
            kind=BranchKind.BRANCH,
            code=f"DZ-{plan.code}",
            name=f"中共东昌府大队{plan.short.removesuffix('党支部')}支部委员会",
            short_name=plan.short,
            established_on=plan.since,
            feature=plan.feature,
            theme_day_rule="每月20日，遇休息日顺延",
            order=order,
            now=world.now,
        )
        world.branches[plan.code] = branch
        world.units[f"DZ-{plan.code}"] = branch.unit
        _members(world, plan, branch)
        _grant_accounts(world, f"DZ-{plan.code}")
    _seat(world, "DZ", ["D10002", "D10001", "D10003", "D10010", "D10020", "D10030"])


def _grant_accounts(world: World, code: str) -> None:
    for account in ACCOUNTS:
        for role, where in account.roles:
            if where == code:
                grant(world, account.police_no, role, code)


def _members(world: World, plan: Branch, branch: PartyBranch) -> None:
    """Members: the named ones first, then others of the offices; one is probationary, one retired one exempted."""
    world.groups[plan.code] = [
        branches.add_group(by=SYSTEM, branch=branch, name=f"第{'一二三'[n]}党小组", start_on=plan.since, now=world.now)
        for n in range(plan.groups)
    ]
    chosen = [world.people[account.police_no] for account in ACCOUNTS if account.branch == plan.code]
    pool = [one for code in plan.offices for one in world.staff[code] if one not in chosen]
    named = {account.police_no for account in ACCOUNTS}
    chosen += [one for one in pool if one.police_no not in named][: plan.members - len(chosen)]
    if plan.retired:
        names = _names(Random(SEED + 1))
        chosen = [
            enrol(world, f"T{n:05}", next(names), "ZGS", "退休", PersonKind.CIVILIAN)
            for n in range(1, plan.members + 1)
        ]
    groups = world.groups[plan.code]
    for n, person in enumerate(chosen):
        joined = date(1995 + world.random.randrange(25), world.random.randrange(1, 13), world.random.randrange(1, 29))
        probationary = n == len(chosen) - 1 and plan.code == "CQ1"
        admitted = world.today - timedelta(days=150) if probationary else joined
        member = branches.enrol_member(
            by=SYSTEM,
            person=person,
            branch=branch,
            start_on=plan.since,
            status=MemberStatus.PROBATIONARY if probationary else MemberStatus.FULL,
            admitted_on=admitted,
            confirmed_on=None if probationary else joined.replace(year=joined.year + 1),
            group=groups[n % len(groups)] if groups else None,
            source=JoinedBy.ESTABLISHED,
            now=world.now,
        )
        if not any(account.police_no == person.police_no for account in ACCOUNTS):
            grant(world, person.police_no, Role.MEMBER, f"DZ-{plan.code}")
        if plan.retired and n >= plan.members - 6:
            branches.exempt_member(
                by=world.people["D10010"],
                member=member,
                kind=ExemptionKind.AGED,
                start_on=plan.since,
                end_on=None,
                now=world.now,
            )
    _seat_branch(world, plan, chosen)


def _seat_branch(world: World, plan: Branch, chosen: list[Person]) -> None:
    """Seven full members or more have a committee, fewer a secretary; whoever has none in the table is the first."""
    named = {account.police_no: account.seat for account in ACCOUNTS if account.branch == plan.code and account.seat}
    secretary = next((p for p in chosen if named.get(p.police_no) == SeatRole.SECRETARY), chosen[0])
    others = [p for p in chosen if p is not secretary]
    tabled = {account.police_no for account in ACCOUNTS}
    wanted = [SeatRole.ORGANISATION, SeatRole.PUBLICITY, SeatRole.DISCIPLINE] if plan.members >= 7 else []
    seats: list[tuple[Person, SeatRole]] = [(secretary, SeatRole.SECRETARY)]
    for role in wanted:
        person = next((p for p in others if named.get(p.police_no) == role), None)
        seats.append((person or next(p for p in others if p.police_no not in tabled and p not in dict(seats)), role))
    branches.enter_term(
        by=SYSTEM, branch=world.branches[plan.code], elected_on=_elected_on(world, plan), seats=seats, now=world.now
    )
    _grant_unless_named(world, secretary, Role.BRANCH_SECRETARY, f"DZ-{plan.code}")
    if not any((Role.RECORDER, f"DZ-{plan.code}") in account.roles for account in ACCOUNTS):
        grant(world, (seats[-1][0] if wanted else others[0]).police_no, Role.RECORDER, f"DZ-{plan.code}")
    for n, group in enumerate(world.groups[plan.code]):
        leader = next(p for p in chosen[n :: len(world.groups[plan.code])] if p not in dict(seats))
        type(group).objects.filter(pk=group.pk).update(leader=leader)


def _elected_on(world: World, plan: Branch) -> date:
    """The last election, before the first record: one branch must elect again in two months, the others later."""
    if plan.code == EXPIRING:
        return add_months(world.today, 2 - TERM_MONTHS)
    return max(world.start - timedelta(days=world.random.randrange(7, 90)), plan.since)


def _grant_unless_named(world: World, person: Person, role: Role, code: str) -> None:
    if not any(account.police_no == person.police_no and (role, code) in account.roles for account in ACCOUNTS):
        grant(world, person.police_no, role, code)


def _seat(world: World, code: str, numbers: list[str]) -> None:
    roles = [SeatRole.SECRETARY, SeatRole.DEPUTY, *[SeatRole.MEMBER] * (len(numbers) - 2)]
    seats = [(world.people[number], role) for number, role in zip(numbers, roles, strict=True)]
    branch, elected_on = world.branches[code], world.start - timedelta(days=5)
    branches.enter_term(by=SYSTEM, branch=branch, elected_on=elected_on, seats=seats, now=world.now)


def _duty(world: World) -> None:
    """The leaders take turns, a day each, from a month back to two months ahead."""
    org.arrange_duty(
        by=SYSTEM,
        unit=world.units["DD"],
        start=world.today - timedelta(days=30),
        end=world.today + timedelta(days=60),
        leaders=[world.people[number] for number in ("D10001", "D10002", "D10003", "D10020")],
        now=world.now,
    )
