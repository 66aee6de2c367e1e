"""What the platform itself tells people."""

from django.utils.translation import gettext_lazy as _

from brigade.notices.rules import Notice
from brigade.notices.states import AnnouncementState, Channel

NOTICES = [
    Notice(
        "notices.calendar_missing",
        _("缺少放假安排"),
        _("%(year)s年放假安排尚未录入"),
        _("%(year)s年的期限目前按周一至周五暂算。放假通知公布后，在工作日历中录入，期限会自动重算。"),
    ),
    Notice(
        "notices.announcement_reminder",
        _("提醒看通知公告"),
        _("还没%(asks)s：%(title)s"),
        channels=(Channel.APP, Channel.EMAIL),
        still_true=lambda announcement: announcement.state == AnnouncementState.PUBLISHED,
    ),
]
