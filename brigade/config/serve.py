"""`make run`: bring the database up to date, then web, worker and beat together until Ctrl-C."""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command, get_commands
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

from brigade.config import setup

STOP_SECONDS = 10


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brigade.config.settings")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    try:
        django.setup()
        prepare()
        banner = describe()
        keep_open()
    except KeyboardInterrupt:
        print(setup.STOPPED, file=sys.stderr)
        return 130
    except (ImproperlyConfigured, OperationalError, OSError) as error:
        if "no such" in str(error) and isinstance(error, OperationalError):
            raise  # a table or column that is not there is our own fault
        print(sentence(error), file=sys.stderr)
        return 1
    return supervise(banner)


def sentence(error: Exception) -> str:
    """Why the portal cannot start. Each step is done again by the next start, as far as it was not finished."""
    if isinstance(error, OSError):
        return setup.sentence(error)
    reason = " ".join(str(error).split())
    if isinstance(error, ImproperlyConfigured):
        return f"配置有误：{reason}。(A setting is wrong.)"
    if setup.is_full(reason):
        return setup.no_room()
    return f"数据库不能用：{reason}。(The database cannot be used.)"


def supervise(banner: str) -> int:
    """Run the processes until Ctrl-C, a termination signal or the end of one of them; none outlives the others.

    Only the head of each is asked to stop: a pool whose members get the signal too can wait for them for ever.
    """
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: asked.append(received))
    waiting = commands()
    children = {"web": start(waiting.pop("web"))}
    while not asked and all(child.poll() is None for child in children.values()):
        if waiting and answers():  # the page first, then the background
            children |= {name: start(waiting.pop(name)) for name in list(waiting)}
            print(banner, flush=True)
        time.sleep(0.1)
    for name, child in children.items():
        if not asked and child.poll() is not None:
            print(
                f"{name}已意外退出，其余进程一并停止。({name} ended by itself, so the others are stopped.)", flush=True
            )
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    return 0 if asked else 1


def start(command: list) -> subprocess.Popen:
    return subprocess.Popen([str(part) for part in command], cwd=settings.BASE_DIR, start_new_session=True)


def commands() -> dict[str, list]:
    binaries = Path(sys.executable).parent
    celery = [binaries / "celery", "--app", "brigade.config.celery", "--quiet"]
    return {
        "web": [
            *(binaries / "gunicorn", "brigade.config.wsgi", "--bind", bind_address()),
            *(
                "--worker-class",
                "gthread",
                "--threads",
                settings.WEB_THREADS,
                "--timeout",
                120,
                "--graceful-timeout",
                4,
            ),
            *("--log-level", "warning", "--no-control-socket"),
        ],
        "worker": [
            *(*celery, "worker", "--concurrency", 2, "--without-mingle", "--without-gossip", "--without-heartbeat"),
            *("--loglevel", "WARNING"),
        ],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--pidfile="],
    }


def bind_address() -> str:
    return f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"


# Before the start


def prepare() -> None:
    """Each step only when what it rests on has changed; the demo world only into an empty database."""
    migrate()
    once("static", [path for root in settings.STATICFILES_DIRS for path in Path(root).rglob("*")], collect_static)
    once("reference", Path(settings.BASE_DIR).glob("*/*/data/*"), load_reference)
    if "demo" in get_commands() and not apps.get_model(settings.AUTH_USER_MODEL).objects.exists():
        say("建立演示数据 (demo world)")
        call_command("demo")


def migrate() -> None:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("更新数据库 (migrations)")
        call_command("migrate", verbosity=0, interactive=False)
        (settings.VAR / ".reference.stamp").unlink(missing_ok=True)
        call_command("index_search", verbosity=0)


def once(step: str, paths, work) -> None:
    """Do the work unless the files are those of the last time (by name, size and time of change)."""
    facts = sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths if path.is_file())
    wanted = hashlib.sha256(repr(facts).encode()).hexdigest()
    stamp = settings.VAR / f".{step}.stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        work()
        stamp.write_text(wanted)


def collect_static() -> None:
    say("整理静态文件 (static files)")
    call_command(
        "collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=["redoc*", "rest_framework"]
    )


def load_reference() -> None:
    say("载入基础数据 (reference data)")
    call_command("setup_reference")
    call_command("setup_catalogue")
    call_command("setup_hazards")


# After the start


def describe() -> str:
    """The address, and one account a role of the demo world."""
    lines = ["", f"交警在路上已启动：http://{bind_address()}/ （Ctrl-C 停止，Ctrl-C to stop）"]
    if "demo" in get_commands():
        from brigade.workbench.management.commands.demo import accounts

        lines += ["", f"演示账号（密码都是 {settings.DEMO_PASSWORD} ）："]
        lines += [f"  {account.police_no}  {account.name}  {account.role}  {account.unit}" for account in accounts()]
    return "\n".join([*lines, ""])


def keep_open() -> None:
    """SQLite's log is there as long as a connection is: on a full disk it could not be made again, not even to read."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor != "sqlite":
            connection.close()


def answers() -> bool:
    """Whether the web answers already, whatever it says."""
    try:
        urllib.request.urlopen(f"http://{bind_address()}/healthz", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def say(step: str) -> None:
    print(f"· {step} …", flush=True)


if __name__ == "__main__":
    sys.exit(main())
