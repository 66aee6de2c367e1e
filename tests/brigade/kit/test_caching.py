"""A page must not fail because the cache does."""

import os
import tempfile
from pathlib import Path

from brigade.kit.caching import ForgetfulCache, ForgetfulFiles


def test_a_cache_that_is_gone_finds_nothing_and_keeps_nothing():
    cache = ForgetfulCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 1}})
    cache.set("key", "value")
    assert cache.get("key", "fallback") == "fallback"
    assert cache.get_or_set("key", lambda: "made") == "made"
    assert not cache.add("key", "value")
    assert "key" not in cache
    assert not cache.delete("key")


def test_on_a_full_disk_nothing_new_is_kept_and_nothing_older_in_its_stead(tmp_path, monkeypatch):
    def on_a_full_disk(dir):
        link = Path(dir) / "full"
        link.symlink_to("/dev/full")
        return os.open(link, os.O_WRONLY), str(link)

    cache = ForgetfulFiles(tmp_path / "cache", {})
    cache.set("key", "older")
    monkeypatch.setattr(tempfile, "mkstemp", on_a_full_disk)
    cache.set("key", "newer")
    assert cache.get("key") is None
    assert cache.get_or_set("key", lambda: "made") == "made"
    assert list((tmp_path / "cache").iterdir()) == []
