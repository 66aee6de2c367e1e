"""消息: a person's inbox, where opening a message is reading it; and what did not get out of the portal."""

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from brigade.kit.web import done, get_visible, page
from brigade.notices import actions
from brigade.notices.models import Message
from brigade.notices.queries import inbox, unclear
from brigade.notices.rules import FOLLOW_PERM, UNCLEAR_SHOWN
from brigade.notices.states import MessageState
from brigade.workbench.queries import message_target_url

PER_PAGE = 30
UNCLEAR_ROWS = 100


def notice_list(request: HttpRequest) -> HttpResponse:
    """Everybody's own messages, newest first."""
    unread_only = request.GET.get("unread") == "1"
    rows = Paginator(inbox(request.user, unread_only=unread_only), PER_PAGE)
    context = {"page": rows.get_page(request.GET.get("page")), "unread_only": unread_only}
    return page(request, "workbench/notices.html", context, fragment="messages")


def notice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One message; it counts as read from now on."""
    message = get_visible(request, Message, pk)
    actions.mark_read(by=request.user, message_id=message.pk, now=timezone.now())
    return page(request, "workbench/notice.html", {"message": message, "target_url": message_target_url(message)})


@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """All own messages are read."""
    actions.mark_all_read(by=request.user, now=timezone.now())
    return done(request, _("消息都已读过"), "workbench:notices")


def unclear_list(request: HttpRequest) -> HttpResponse:
    """Text messages and mails that did not leave, or of which nobody knows; to whom and why, not what they say."""
    if not request.user.has_perm(FOLLOW_PERM):
        raise PermissionDenied(_("没有查看短信和邮件发送情况的权限。"))
    now = timezone.now()
    groups = [
        (state, list(unclear(request.user, state, now).select_related("recipient")[:UNCLEAR_ROWS]))
        for state in (MessageState.UNKNOWN, MessageState.FAILED)
    ]
    context = {"groups": groups, "days": UNCLEAR_SHOWN.days, "limit": UNCLEAR_ROWS, "now": now}
    return page(request, "workbench/notices_unclear.html", context)
