"""A backup is complete, a damaged one is refused, and a restored portal shows what it showed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from brigade.audit import actions as audit
from brigade.audit import queries
from brigade.config import backup
from brigade.files.models import File
from brigade.files.queries import path_of
from brigade.org.models import Person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def archive():
    """A portal with one person, one sealed event and one attachment, and its backup."""
    audit.record("person.added", Person.objects.create(police_no="D1", name="留在备份里"), by=audit.SYSTEM)
    audit.seal_due(now=timezone.now())
    kept_file().parent.mkdir(parents=True, exist_ok=True)
    kept_file().write_text("一份要留住的证明材料")
    return backup.make(timezone.localtime())


def kept_file():
    return Path(settings.MEDIA_ROOT) / "ab" / "abc"


def restore(archive, environment):
    command = [sys.executable, "-m", "brigade.config.backup", "restore", str(archive)]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)


def test_what_was_lost_is_back_and_the_trail_is_whole(archive, own_environment):
    Person.objects.update(name="后来改的")
    Person.objects.create(police_no="D2", name="后来加的")
    kept_file().unlink()
    connection.close()
    done = restore(archive, own_environment)
    assert done.returncode == 0, done.stderr
    assert list(Person.objects.values_list("name", flat=True)) == ["留在备份里"]
    assert kept_file().read_text() == "一份要留住的证明材料"
    assert queries.verify().ok
    assert queries.triggers_in_place()


def test_one_altered_byte_is_refused_and_nothing_is_touched(archive, own_environment):
    content = bytearray(archive.read_bytes())
    content[content.index("一份要留住的证明材料".encode())] ^= 1
    archive.write_bytes(content)
    done = restore(archive, own_environment)
    assert done.returncode == 1
    assert "files/ab/abc" in done.stderr
    assert Person.objects.get().name == "留在备份里"


def test_attachments_that_were_damaged_before_the_backup_are_named(own_environment):
    sound, altered, lost = (
        File.objects.create(name=name, sha256=hashlib.sha256(name.encode()).hexdigest(), size=1, at=timezone.now())
        for name in ("完好.pdf", "改过.pdf", "丢失.pdf")
    )
    for file, content in ((sound, sound.name), (altered, "别的内容")):
        path_of(file.sha256).parent.mkdir(parents=True, exist_ok=True)
        path_of(file.sha256).write_text(content)
    archive = backup.make(timezone.localtime())
    assert set(backup.damaged_attachments()) == {altered.name, lost.name}
    connection.close()
    done = restore(archive, own_environment)
    assert done.returncode == 0, done.stderr
    assert "有2个附件在备份前就已缺失或损坏" in done.stdout


def test_a_missing_archive_is_named(own_environment, tmp_path):
    done = restore(tmp_path / "none.tar", own_environment)
    assert (done.returncode, "没有这个备份文件" in done.stderr) == (1, True)


def test_only_its_owner_may_read_an_archive(archive):
    assert os.stat(archive).st_mode & 0o077 == 0
