"""Every write to units, people, postings, grants, passwords and sign-ins.

Accounts and units are the system administrator's, grants the security administrator's: giving somebody access takes
two people. `SYSTEM` (set-up, demo, console) may do both. A change of rights counts at the next request, because
nothing of a person's rights outlives a request. This room is a package: what it offers stands here, by its part.
"""

from django.utils.translation import gettext_lazy

from brigade.org.actions.accounts import disable_account, enable_account, reset_password, set_password
from brigade.org.actions.duty import arrange_duty
from brigade.org.actions.founding import found_brigade
from brigade.org.actions.grants import end_grant, grant_role
from brigade.org.actions.people import change_person, end_posting, enrol_person, post_person
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
