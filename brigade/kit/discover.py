"""Gathering what the slices declare: plain lists in rooms of agreed names."""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import module_has_submodule


def rooms(room: str) -> Iterator[ModuleType]:
    """The module `room` of each installed app that has one."""
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, room):
            yield import_module(f"{config.name}.{room}")


def gather(room: str, name: str) -> dict[str, Any]:
    """All items of the lists `name` in rooms `room`, by code; a code used twice stops the start."""
    found: dict[str, Any] = {}
    for module in rooms(room):
        for item in getattr(module, name, ()):
            if item.code in found:
                raise ImproperlyConfigured(f"{module.__name__}.{name}: code {item.code!r} is declared twice")
            found[item.code] = item
    return found
