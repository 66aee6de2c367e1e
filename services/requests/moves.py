"""The table of legal moves of a request: state, target, who, what must hold."""

from django.utils.translation import gettext_lazy as _

from brigade.workflow import NEW, SAME, Move
from services.requests import rules
from services.requests.states import OPEN, RequestState

KIND = "requests.servicerequest"
HANDLE = "requests.handle_servicerequest"
RECEIVED, ASKED = RequestState.RECEIVED, RequestState.SUPPLEMENT_REQUESTED
ACCEPTED, PROCESSING, SUSPENDED = RequestState.ACCEPTED, RequestState.PROCESSING, RequestState.SUSPENDED
COMPLETED = RequestState.COMPLETED


RECEIVE = Move(
    "receive", KIND, _("收件"), frozenset({NEW}), RECEIVED, perm="requests.add_servicerequest", audit="request.received"
)
SETTLE = Move(
    "settle",
    KIND,
    _("当场办结"),
    frozenset({NEW}),
    COMPLETED,
    perm="requests.add_servicerequest",
    audit="request.settled",
)
RECORD_PAST = Move(
    "record_past",
    KIND,
    _("补录历史办件"),
    frozenset({NEW}),
    COMPLETED,
    perm="requests.import_servicerequest",
    audit="request.past_recorded",
)
CHECK = Move(
    "check_materials",
    KIND,
    _("核对材料"),
    frozenset({RECEIVED}),
    SAME,
    perm=HANDLE,
    audit="request.materials_checked",
    merges=True,
)
ACCEPT = Move(
    "accept",
    KIND,
    _("受理"),
    frozenset({RECEIVED}),
    ACCEPTED,
    perm=HANDLE,
    audit="request.accepted",
    guard=rules.can_accept,
)
FINISH = Move(
    "finish",
    KIND,
    _("当场办结"),
    frozenset({RECEIVED}),
    COMPLETED,
    perm=HANDLE,
    audit="request.settled",
    guard=rules.can_settle,
)
NOTIFY = Move(
    "notify",
    KIND,
    _("一次性告知"),
    frozenset({RECEIVED}),
    ASKED,
    perm=HANDLE,
    audit="request.notified",
    guard=rules.can_notify,
)
RETURN = Move("take_back", KIND, _("补正后收件"), frozenset({ASKED}), RECEIVED, perm=HANDLE, audit="request.returned")
DEEM = Move(
    "deem",
    KIND,
    _("逾期未告知，视为受理"),
    frozenset({RECEIVED}),
    ACCEPTED,
    perm="requests.run_servicerequest",
    audit="request.deemed",
    notice="requests.deemed",
    by_system=True,
)
LAPSE = Move(
    "lapse",
    KIND,
    _("逾期未补正，终止"),
    frozenset({ASKED}),
    RequestState.LAPSED,
    perm="requests.run_servicerequest",
    audit="request.lapsed",
    notice="requests.lapsed",
    by_system=True,
)
START = Move("start", KIND, _("开始办理"), frozenset({ACCEPTED}), PROCESSING, perm=HANDLE, audit="request.started")
ASK_REVIEW = Move(
    "ask_review",
    KIND,
    _("提交审核"),
    frozenset({RECEIVED, PROCESSING}),
    SAME,
    perm=HANDLE,
    audit="request.review_asked",
    guard=rules.can_ask_review,
    notice="requests.review_asked",
)
RETURN_REVIEW = Move(
    "return_review",
    KIND,
    _("退回经办"),
    frozenset({RECEIVED, PROCESSING}),
    SAME,
    perm="requests.review_servicerequest",
    audit="request.review_returned",
    guard=rules.can_return,
    notice="requests.review_returned",
    needs_reason=True,
)
REJECT = Move(
    "reject",
    KIND,
    _("不予受理"),
    frozenset({RECEIVED}),
    RequestState.REJECTED,
    perm="requests.review_servicerequest",
    audit="request.rejected",
    guard=rules.can_reject,
)
COMPLETE = Move(
    "complete",
    KIND,
    _("办结"),
    frozenset({PROCESSING}),
    COMPLETED,
    perm="requests.complete_servicerequest",
    audit="request.completed",
    guard=rules.can_complete,
)
SUSPEND = Move(
    "suspend",
    KIND,
    _("中止计时"),
    frozenset({PROCESSING}),
    SUSPENDED,
    perm="requests.suspend_servicerequest",
    audit="request.suspended",
)
RESUME = Move(
    "resume",
    KIND,
    _("恢复计时"),
    frozenset({SUSPENDED}),
    PROCESSING,
    perm="requests.suspend_servicerequest",
    audit="request.resumed",
)
SUPPLY = Move(
    "supply",
    KIND,
    _("补交容缺材料"),
    frozenset({ACCEPTED, PROCESSING, SUSPENDED, COMPLETED}),
    SAME,
    perm=HANDLE,
    audit="request.supplied",
    guard=rules.can_supply,
)
DELIVER = Move(
    "deliver",
    KIND,
    _("送达"),
    frozenset({COMPLETED}),
    RequestState.DELIVERED,
    perm=HANDLE,
    audit="request.delivered",
    guard=rules.can_deliver,
)
WITHDRAW = Move(
    "withdraw",
    KIND,
    _("申请人撤回"),
    frozenset({ACCEPTED, PROCESSING}),
    RequestState.WITHDRAWN,
    perm=HANDLE,
    audit="request.withdrawn",
    needs_reason=True,
)
HAND_OVER = Move(
    "hand_over",
    KIND,
    _("移交经办"),
    frozenset(OPEN),
    SAME,
    perm=HANDLE,
    audit="request.handed_over",
    notice="requests.handed_over",
)
AMEND = Move(
    "amend",
    KIND,
    _("补填信息"),
    frozenset({*OPEN, COMPLETED}),
    SAME,
    perm=HANDLE,
    audit="request.amended",
    merges=True,
)
RECOMPUTE = Move(
    "recompute",
    KIND,
    _("重算期限"),
    frozenset(OPEN),
    SAME,
    perm="requests.run_servicerequest",
    audit="request.recomputed",
    by_system=True,
)
FORGET = Move(
    "forget",
    KIND,
    _("清除办事人信息"),
    frozenset(
        {
            RequestState.LAPSED,
            RequestState.REJECTED,
            RequestState.DELIVERED,
            RequestState.WITHDRAWN,
            RequestState.VOIDED,
        }
    ),
    SAME,
    perm="requests.run_servicerequest",
    audit="request.forgotten",
    by_system=True,
)
VOID = Move(
    "void",
    KIND,
    _("作废"),
    frozenset(RequestState.values) - {RequestState.VOIDED},
    RequestState.VOIDED,
    perm="requests.void_servicerequest",
    audit="request.voided",
    needs_reason=True,
)

MOVES = [
    RECEIVE,
    SETTLE,
    RECORD_PAST,
    CHECK,
    ACCEPT,
    FINISH,
    NOTIFY,
    RETURN,
    DEEM,
    LAPSE,
    START,
    ASK_REVIEW,
    RETURN_REVIEW,
    REJECT,
    COMPLETE,
    SUSPEND,
    RESUME,
    SUPPLY,
    DELIVER,
    WITHDRAW,
    HAND_OVER,
    AMEND,
    RECOMPUTE,
    FORGET,
    VOID,
]
