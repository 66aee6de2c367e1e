"""Attachments are kept once, whole, outside the web root, and known for who brought them."""

import errno
import os
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.files import actions, queries
from brigade.files.models import File
from brigade.kit.refusals import Refused
from tests.brigade.audit.people import ZHANG
from tests.brigade.files import samples

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


def upload(name="回执.pdf", content=None):
    return SimpleUploadedFile(name, samples.pdf() if content is None else content, "application/x-lies")


def contents(root):
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_file_is_kept_with_its_facts():
    file = actions.store(upload(), by=ZHANG)
    file.refresh_from_db()
    assert (file.kind, file.media_type, file.name, file.size) == (
        "pdf",
        "application/pdf",
        "回执.pdf",
        len(samples.pdf()),
    )
    assert (file.by_id, file.by_name) == (5, "张三")
    with queries.open_file(file) as content:
        assert content.read() == samples.pdf()


def test_its_place_tells_nothing_and_only_its_owner_may_read(root):
    file = actions.store(upload("../../张三的病历.pdf"), by=ZHANG)
    path = queries.path_of(file.sha256)
    assert path.relative_to(root).parts == (file.sha256[:2], file.sha256)
    assert path.stat().st_mode & 0o777 == 0o600
    assert file.name == "张三的病历.pdf"


def test_the_ending_follows_the_content_and_not_the_name():
    assert actions.store(upload("照片.exe", samples.picture()), by=ZHANG).name == "照片.jpg"
    assert actions.store(upload("长" * 200, samples.picture("PNG")), by=ZHANG).name == "长" * 115 + ".png"
    assert actions.store(upload("\0.pdf"), by=ZHANG).name.endswith(".pdf")


def test_equal_contents_lie_there_once(root):
    first, second = actions.store(upload("a.pdf"), by=ZHANG), actions.store(upload("b.pdf"), by=ZHANG)
    assert first.sha256 == second.sha256
    assert len(contents(root)) == 1
    assert File.objects.count() == 2


def test_storing_is_audited():
    file = actions.store(upload(), by=ZHANG)
    event = AuditEvent.objects.get()
    assert (event.verb, event.target_id, event.changes["sha256"]) == ("file.stored", str(file.pk), file.sha256)
    assert "对附件“回执.pdf”办理“上传附件”，结果：成功" in event.sentence


def test_what_is_refused_leaves_nothing_behind(root):
    with pytest.raises(Refused):
        actions.store(upload(content=b"MZ"), by=ZHANG)
    assert not root.exists()
    assert not File.objects.exists()


def test_on_a_full_disk_a_file_is_refused_in_a_sentence_and_leaves_no_half(root, monkeypatch):
    def full(_number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="服务器磁盘已满"):
        actions.store(upload(), by=ZHANG)
    assert contents(root) == []
    assert not File.objects.exists()


def test_a_file_over_the_limit_is_refused(settings):
    settings.FILE_MAX_BYTES = 1024 * 1024
    with pytest.raises(Refused, match="文件超过1MB"):
        actions.store(upload(content=b"%PDF-" + b"0" * 1024 * 1024), by=ZHANG)


def test_an_empty_file_is_refused():
    with pytest.raises(Refused, match="文件是空的"):
        actions.store(upload(content=b""), by=ZHANG)


def test_only_the_wanted_kinds_are_taken():
    with pytest.raises(Refused, match="这里只收图片"):
        actions.store(upload(), by=ZHANG, kinds=("image",))


def test_a_file_that_was_altered_or_lost_is_not_intact():
    file = actions.store(upload(), by=ZHANG)
    assert queries.is_intact(file)
    queries.path_of(file.sha256).write_bytes(b"other")
    assert not queries.is_intact(file)
    queries.path_of(file.sha256).unlink()
    assert not queries.is_intact(file)
    with pytest.raises(FileNotFoundError):
        queries.open_file(file)


def age(path, days):
    moment = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))


def test_contents_that_no_row_names_are_swept_after_a_day(root):
    kept = actions.store(upload(), by=ZHANG)
    age(queries.path_of(kept.sha256), 9)
    for name, days in (("old", 2), ("new", 0)):
        path = root / "aa" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        age(path, days)
    assert actions.sweep_orphans(now=timezone.now()) == "清理无主文件1个"
    assert actions.sweep_orphans(now=timezone.now()) == "清理无主文件0个"
    assert {path.name for path in contents(root)} == {kept.sha256, "new"}


def test_a_content_that_comes_again_is_not_swept(root):
    first = actions.store(upload(), by=ZHANG)
    path = queries.path_of(first.sha256)
    age(path, 9)
    actions.store(upload("b.pdf"), by=ZHANG)
    assert path.stat().st_mtime > (timezone.now() - timedelta(minutes=5)).timestamp()
