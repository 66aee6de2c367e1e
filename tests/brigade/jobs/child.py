"""A function of the tests in a process of its own, on the database of the running test."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def start(environment: dict, function: str, *arguments: object, **overrides: object) -> subprocess.Popen:
    """Start `function` (a dotted path); `overrides` are settings. The caller kills or awaits the process."""
    task = json.dumps({"function": function, "arguments": arguments, "settings": overrides})
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.Popen([sys.executable, "-m", __name__, task], cwd=ROOT, env=environment)


def main(task: dict) -> None:
    import django
    from django.conf import settings
    from django.utils.module_loading import import_string

    for name, value in task["settings"].items():
        setattr(settings, name, value)
    django.setup()
    import_string(task["function"])(*task["arguments"])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
