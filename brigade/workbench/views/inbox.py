"""消息: a person's inbox. Opening a message is reading it."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from brigade.kit.web import done, get_visible, page
from brigade.notices import actions
from brigade.notices.models import Message
from brigade.notices.queries import inbox
from brigade.workbench.queries import message_target_url

PER_PAGE = 30


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
