"""A page must not fail because the cache does."""

from brigade.kit.caching import ForgetfulCache


def test_a_cache_that_is_gone_finds_nothing_and_keeps_nothing():
    cache = ForgetfulCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 1}})
    cache.set("key", "value")
    assert cache.get("key", "fallback") == "fallback"
    assert cache.get_or_set("key", lambda: "made") == "made"
    assert not cache.add("key", "value")
    assert "key" not in cache
    assert not cache.delete("key")
