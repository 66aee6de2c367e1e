"""Every write to messages and announcements. This room is a package: what it offers stands here, by its part."""

from django.utils.translation import gettext_lazy

from brigade.notices.actions.announcements import (
    draft_announcement,
    issue_announcement,
    open_announcement,
    publish_announcement,
    remind_unread,
    send_to_newcomers,
    sign_announcement,
    withdraw_announcement,
)
from brigade.notices.actions.messages import (
    Adapter,
    FileDrop,
    NotSent,
    adapter,
    deliver,
    mark_all_read,
    mark_read,
    post,
    relay,
    warn_calendar,
)

VERBS = {
    "announcement.drafted": gettext_lazy("起草通知公告"),
    "announcement.published": gettext_lazy("发布通知公告"),
    "announcement.withdrawn": gettext_lazy("撤回通知公告"),
    "announcement.signed": gettext_lazy("签收通知公告"),
    "announcement.reminded": gettext_lazy("提醒未读的人"),
    "announcement.sent_on": gettext_lazy("补发通知公告"),
}
