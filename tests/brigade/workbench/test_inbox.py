"""The page of messages: opening one is reading it, and all can be read at once."""

import pytest
from django.urls import reverse

from brigade.notices.models import Message
from brigade.notices.queries import unread_count
from tests.attack.town import town as build

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(client):
    """Somebody's messages, and the browser in which he reads them."""
    message = build().message
    client.force_login(message.recipient)
    return Message.objects.visible_to(message.recipient)


def test_opening_a_message_reads_it(client, inbox):
    message = inbox.first()
    before = unread_count(message.recipient)
    assert message.title in client.get(reverse("workbench:notice_detail", args=[message.pk])).content.decode()
    assert unread_count(message.recipient) == before - 1


def test_a_message_about_no_record_can_be_opened_like_the_morning_digest(client, inbox):
    inbox.update(target_kind="", target_id="", url="")
    assert client.get(reverse("workbench:notice_detail", args=[inbox.first().pk])).status_code == 200


def test_all_messages_are_read_at_once(client, inbox):
    assert client.post(reverse("workbench:notices_read")).status_code == 302
    assert not inbox.filter(read_at__isnull=True, created_at__lte=inbox.latest("read_at").read_at).exists()
