"""On a full disk one reads on, is refused in a sentence, loses nothing, and goes on when there is room again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.utils import timezone

from brigade.audit import queries as audit
from partybuilding.meetings.models import Meeting
from tests.partybuilding.meetings.pages.sending import NEW, NOW, typed

pytestmark = pytest.mark.django_db(transaction=True)

PHOTOS = "/party/meetings/photos/"


class OnFullDisk(TemporaryFileUploadHandler):
    """Django's own way with large uploads, on a disk that takes nothing."""

    disk: IO[bytes]

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.file.file.close()
        self.file.file = self.disk


@pytest.fixture
def reader(recorder):
    recorder.raise_request_exception = False
    recorder.get(NEW)
    return recorder


def test_record_that_finds_no_room_is_refused_in_a_sentence_and_made_when_there_is_room(reader, branch, full_disk):
    full_disk("audit_auditevent")
    answer = reader.post(NEW, typed(branch, "TD"))
    assert answer.status_code == 507
    assert "服务器磁盘已满" in answer.text and "填的内容还在" in answer.text and "服务器出错了" not in answer.text
    assert not Meeting.objects.exists()
    full_disk.make_room()
    assert reader.post(NEW, typed(branch, "TD")).status_code == 302
    assert Meeting.objects.count() == 1 and audit.verify().ok


def test_one_reads_on_though_activity_cannot_be_noted(reader, full_disk, monkeypatch):
    full_disk("django_session")
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(minutes=2))
    assert reader.get(NEW).status_code == 200


def test_what_was_saved_is_not_denied_because_activity_cannot_be_noted(reader, branch, full_disk, monkeypatch):
    full_disk("django_session")
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(minutes=2))
    answer = reader.post(NEW, typed(branch, "TD"))
    assert answer["Location"] == Meeting.objects.get().get_absolute_url()


def test_upload_that_finds_no_room_on_its_way_is_refused_in_a_sentence(reader, branch, settings):
    settings.FILE_UPLOAD_HANDLERS = [f"{__name__}.{OnFullDisk.__name__}"]
    photo = SimpleUploadedFile("会场.png", b"0" * 3000, "image/png")
    with Path("/dev/full").open("wb", buffering=0) as OnFullDisk.disk:
        answer = reader.post(PHOTOS, typed(branch, "TD") | {"photos": [photo]}, headers={"HX-Request": "true"})
    assert (answer.status_code, "服务器磁盘已满" in answer.text) == (507, True)
