"""A cache that may go away: pages work on, only slower."""

import logging
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class ForgetfulFiles(FileBasedCache):
    """Files; while the disk is full nothing new is kept, and nothing older in its stead."""

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except OSError as error:
            log.warning("the cache cannot be written: %s", type(error).__name__)
            self.delete(key, version)


class ForgetfulCache(RedisCache):
    """Redis; while it cannot be reached nothing is found and nothing is kept."""

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._tried(super().get, default, key, default, version)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._tried(super().add, False, key, value, timeout, version))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._tried(super().set, None, key, value, timeout, version)

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._tried(super().delete, False, key, version))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(self._tried(super().has_key, False, key, version))

    def _tried(self, call: Any, otherwise: Any, *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except RedisError as error:
            log.warning("the cache cannot be reached: %s", type(error).__name__)
            return otherwise
