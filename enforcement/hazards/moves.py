"""The table of legal moves of a hazard: state, target, who, what must hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from brigade.workflow import BACK, NEW, SAME, Move
from enforcement.hazards import rules
from enforcement.hazards.states import OPEN, HazardState

KIND = "hazards.hazard"
REPORTED, REGISTERED, GRADED = HazardState.REPORTED, HazardState.REGISTERED, HazardState.GRADED
NOTIFIED, ACCEPTED, RECTIFYING = HazardState.NOTIFIED, HazardState.ACCEPTED, HazardState.RECTIFYING
SUBMITTED, CLOSED, DEFERRED = HazardState.SUBMITTED, HazardState.CLOSED, HazardState.DEFERRED
OWNER = _("责任单位联络员")


def _move(code: str, label: Any, sources: Iterable[str], target: str, perm: str, done: str, **more: Any) -> Move:
    return Move(
        code=code,
        kind=KIND,
        label=label,
        sources=frozenset(sources),
        target=target,
        perm=f"hazards.{perm}_hazard",
        audit=f"hazard.{done}",
        **more,
    )


def _of_owner(code: str, label: Any, sources: Iterable[str], target: str, done: str, **more: Any) -> Move:
    """A move of the owner's liaison; what comes on paper the clerk writes down (代录)."""
    return _move(code, label, sources, target, "record_answer", done, may=rules.is_owner, whom=OWNER, **more)


REPORT = _move(
    "report",
    _("上报"),
    {NEW},
    REPORTED,
    "add",
    "reported",
    may=lambda hazard, by: by.has_perm("hazards.add_hazard"),
    whom=_("其他中队的民警、辅警"),
)
RECORD_PAST = _move("record_past", _("补录历史隐患"), {NEW}, REGISTERED, "import", "past_recorded")
TAKE_BACK = _move(
    "take_back",
    _("撤销补录"),
    {REGISTERED, RECTIFYING, CLOSED},
    HazardState.VOIDED,
    "import",
    "taken_back",
    guard=rules.can_take_back,
    needs_reason=True,
)
AMEND = _move(
    "amend",
    _("补充修改"),
    {REPORTED, REGISTERED, GRADED},
    SAME,
    "amend",
    "amended",
    may=lambda hazard, by: hazard.state == REPORTED and rules.is_reporter(hazard, by),
    whom=_("上报人"),
    merges=True,
)
REGISTER = _move("register", _("核实登记"), {REPORTED}, REGISTERED, "register", "registered", guard=rules.can_register)
INVALIDATE = _move(
    "invalidate",
    _("不属实"),
    {REPORTED},
    HazardState.INVALID,
    "register",
    "invalidated",
    guard=rules.can_register,
    notice="hazards.invalid",
    needs_reason=True,
)
REVIVE = _move(
    "revive",
    _("恢复核实"),
    {HazardState.INVALID},
    REPORTED,
    "register",
    "revived",
    guard=rules.can_revive,
    needs_reason=True,
)
MERGE = _move(
    "merge",
    _("并案"),
    {REPORTED, REGISTERED},
    HazardState.MERGED,
    "merge",
    "merged",
    notice="hazards.merged",
)
GIVE_BACK = _move(
    "give_back",
    _("退出并案"),
    {HazardState.MERGED},
    BACK,
    "run",
    "given_back",
    by_system=True,
    notice="hazards.given_back",
)
ABSORB = _move("absorb", _("并入一处"), {*OPEN, CLOSED}, SAME, "run", "absorbed", by_system=True)
GRADE = _move("grade", _("定为一般"), {REGISTERED}, GRADED, "grade", "graded")
GRADE_MAJOR = _move(
    "grade_major", _("定为重大"), {REGISTERED}, GRADED, "grade_major", "graded_major", notice="hazards.graded_major"
)
CONTROL = _move(
    "control",
    _("登记临时管控"),
    {REGISTERED, GRADED, NOTIFIED, ACCEPTED, RECTIFYING, SUBMITTED},
    SAME,
    "control",
    "controlled",
    may=rules.is_owner,
    whom=OWNER,
)
NOTIFY = _move(
    "notify",
    _("发整改通知"),
    {GRADED},
    NOTIFIED,
    "notify",
    "notified",
    guard=rules.can_notify,
    notice="hazards.notified",
)
ACCEPT = _of_owner("accept", _("签收"), {NOTIFIED}, ACCEPTED, "accepted", guard=rules.can_accept)
DISPUTE = _of_owner(
    "dispute",
    _("提出异议"),
    {NOTIFIED},
    SAME,
    "disputed",
    guard=rules.can_dispute,
    notice="hazards.disputed",
    needs_reason=True,
)
UPHOLD = _move(
    "uphold",
    _("会商维持"),
    {NOTIFIED},
    SAME,
    "settle",
    "upheld",
    guard=rules.can_uphold,
    notice="hazards.upheld",
    needs_reason=True,
)
TRANSFER = _move(
    "transfer",
    _("转办"),
    {NOTIFIED, ACCEPTED, RECTIFYING},
    NOTIFIED,
    "transfer",
    "transferred",
    guard=rules.can_notify,
    notice="hazards.notified",
    needs_reason=True,
)
START = _of_owner("start", _("开始整改"), {ACCEPTED}, RECTIFYING, "started")
PROGRESS = _of_owner("progress", _("填报进展"), {ACCEPTED, RECTIFYING}, SAME, "progressed")
SUBMIT = _of_owner("submit", _("提交核验"), {RECTIFYING}, SUBMITTED, "submitted", notice="hazards.submitted")
VERIFY = _move(
    "verify",
    _("核验销号"),
    {SUBMITTED},
    CLOSED,
    "verify",
    "closed",
    guard=rules.can_verify,
    notice="hazards.closed",
)
FIND_UNMENDED = _move(
    "find_unmended",
    _("驳回"),
    {SUBMITTED},
    RECTIFYING,
    "verify",
    "found_unmended",
    guard=rules.can_verify,
    notice="hazards.found_unmended",
    needs_reason=True,
)
ASK_EXTENSION = _of_owner(
    "ask_extension",
    _("申请延期"),
    {ACCEPTED, RECTIFYING},
    SAME,
    "extension_asked",
    guard=rules.can_ask_extension,
    notice="hazards.extension_asked",
)
GRANT_EXTENSION = _move(
    "grant_extension",
    _("同意延期"),
    {ACCEPTED, RECTIFYING},
    SAME,
    "extend",
    "extended",
    guard=rules.can_decide_extension,
    notice="hazards.extension_decided",
)
REFUSE_EXTENSION = _move(
    "refuse_extension",
    _("不同意延期"),
    {ACCEPTED, RECTIFYING},
    SAME,
    "extend",
    "extension_refused",
    guard=rules.can_decide_extension,
    notice="hazards.extension_decided",
    needs_reason=True,
)
DEFER = _move(
    "defer", _("暂缓"), OPEN - {DEFERRED}, DEFERRED, "defer", "deferred", guard=rules.can_defer, needs_reason=True
)
RESUME = _move("resume", _("恢复办理"), {DEFERRED}, BACK, "defer", "resumed")
REOPEN = _move(
    "reopen",
    _("反弹重开"),
    {CLOSED},
    RECTIFYING,
    "reopen",
    "reopened",
    guard=rules.can_reopen,
    notice="hazards.reopened",
    needs_reason=True,
)
RECHECK = _move("recheck", _("回访"), {CLOSED}, SAME, "verify", "rechecked")
LIST = _move("list", _("挂牌督办"), OPEN - {REPORTED}, SAME, "list", "listed", notice="hazards.listed")
DELIST = _move("delist", _("摘牌"), {CLOSED}, SAME, "list", "delisted", guard=rules.can_delist)
REPORT_UP = _move(
    "report_up", _("报送专题报告"), OPEN - {REPORTED}, SAME, "notify", "reported_up", guard=rules.can_report_up
)
REASSIGN = _move("reassign", _("改派中队"), OPEN, SAME, "reassign", "reassigned", notice="hazards.reassigned")
ESCALATE = _move(
    "escalate",
    _("逾期督办"),
    {NOTIFIED, ACCEPTED, RECTIFYING},
    SAME,
    "run",
    "escalated",
    by_system=True,
    notice="hazards.escalated",
)

MOVES = [
    REPORT,
    RECORD_PAST,
    REGISTER,
    INVALIDATE,
    REVIVE,
    MERGE,
    ABSORB,
    GIVE_BACK,
    GRADE,
    GRADE_MAJOR,
    CONTROL,
    NOTIFY,
    ACCEPT,
    START,
    PROGRESS,
    SUBMIT,
    VERIFY,
    FIND_UNMENDED,
    DISPUTE,
    UPHOLD,
    TRANSFER,
    ASK_EXTENSION,
    GRANT_EXTENSION,
    REFUSE_EXTENSION,
    DEFER,
    RESUME,
    REOPEN,
    RECHECK,
    LIST,
    DELIST,
    REPORT_UP,
    REASSIGN,
    ESCALATE,
    AMEND,
    TAKE_BACK,
]
