"""Every write to units, people, postings, grants, passwords and sign-ins.

Accounts and units are the system administrator's, grants the security administrator's: giving somebody access takes
two people. `SYSTEM` (set-up, demo, console) may do both. A change of rights counts at the next request, because
nothing of a person's rights outlives a request. This room is a package: what it offers stands here, by its part.
"""

from django.utils.translation import gettext_lazy

from brigade.org.actions.accounts import disable_account, enable_account, reset_password, set_password
from brigade.org.actions.changes import (
    agree_change,
    begin_change,
    check_change,
    drop_change,
    note_moved,
    plan_change,
)
from brigade.org.actions.duty import arrange_duty
from brigade.org.actions.founding import UNITED_ON, found_brigade
from brigade.org.actions.grants import (
    GRANTED_AT_ONCE,
    NewRoles,
    end_grant,
    grant_role,
    grant_roles,
    take_back_grants,
    take_in_roles,
)
from brigade.org.actions.intake import (
    Newcomer,
    NewUnit,
    open_units,
    take_back_people,
    take_back_units,
    take_in_people,
    with_password,
)
from brigade.org.actions.leaving import HOLDINGS, cancel_departure, close_departed, hand_over
from brigade.org.actions.people import change_person, end_posting, enrol_person, post_person
from brigade.org.actions.secondments import end_secondment, second_person, settle_secondment
from brigade.org.actions.sensitive import reveal
from brigade.org.actions.sessions import SignIn, forget_sign_ins, note_seen, sign_in, sign_out
from brigade.org.actions.units import close_unit, move_unit, open_unit

VERBS = {
    "unit.opened": gettext_lazy("设立单位"),
    "unit.moved": gettext_lazy("调整隶属"),
    "unit.closed": gettext_lazy("撤销单位"),
    "person.enrolled": gettext_lazy("登记人员"),
    "person.changed": gettext_lazy("更正人员信息"),
    "person.posted": gettext_lazy("办理任职"),
    "person.unposted": gettext_lazy("结束任职"),
    "person.handed_over": gettext_lazy("移交名下事项"),
    "person.leaves": gettext_lazy("办理离任"),
    "person.stays": gettext_lazy("取消离任"),
    "person.left": gettext_lazy("离任，账号停用"),
    "person.seconded": gettext_lazy("办理借调"),
    "person.secondment_ended": gettext_lazy("提前结束借调"),
    "unit.change_planned": gettext_lazy("计划机构调整"),
    "unit.change_agreed": gettext_lazy("同意随机构调整带走的角色"),
    "unit.change_dropped": gettext_lazy("取消机构调整"),
    "unit.merged": gettext_lazy("并入其他单位"),
    "unit.towns_taken": gettext_lazy("接管乡镇街道"),
    "unit.change_done": gettext_lazy("完成机构调整"),
    "record.moved": gettext_lazy("随单位转出"),
    "ledger.view_given": gettext_lazy("移交台账视图"),
    "grant.given": gettext_lazy("授予角色"),
    "grant.ended": gettext_lazy("收回角色"),
    "account.disabled": gettext_lazy("停用账号"),
    "account.enabled": gettext_lazy("启用账号"),
    "password.reset": gettext_lazy("重置密码"),
    "password.changed": gettext_lazy("修改密码"),
    "session.opened": gettext_lazy("登录"),
    "session.closed": gettext_lazy("退出"),
    "session.expired": gettext_lazy("登录过期"),
    "session.refused": gettext_lazy("登录"),
    "duty.arranged": gettext_lazy("安排带班"),
    "field.revealed": gettext_lazy("查看敏感信息"),
}
