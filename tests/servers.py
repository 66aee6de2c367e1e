"""`make test-services`: run a command with PostgreSQL and Redis, given by address or started privately under var/."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import scratch

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"initdb": "postgresql", "redis-server": "redis-server"}


def main(command: list[str]) -> int:
    """The command's exit code, or 1 with one sentence when a server cannot be had."""
    environment = dict(os.environ)
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not environment.get(name)]
    binaries = {name: find(name) for name in ("initdb", "redis-server")}
    needed = [name for name, used in (("initdb", "DATABASE_URL"), ("redis-server", "REDIS_URL")) if used in wanted]
    missing = [PACKAGES[name] for name in needed if binaries[name] is None]
    if missing:
        print(f"缺少系统软件包：{' '.join(missing)}。(Missing Debian packages: apt-get install {' '.join(missing)})")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = private_folder()
    servers: list[subprocess.Popen] = []
    try:
        if "DATABASE_URL" in wanted:
            environment["DATABASE_URL"] = start_postgres(binaries["initdb"].parent, folder / "postgres", servers)
        if "REDIS_URL" in wanted:
            environment["REDIS_URL"] = start_redis(binaries["redis-server"], folder / "redis", servers)
        return attend(subprocess.Popen(command, env=environment))
    finally:
        for server in servers:
            server.send_signal(signal.SIGINT)  # PostgreSQL: fast shutdown
        for server in servers:
            server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def attend(tests: subprocess.Popen) -> int:
    """The tests' exit code. A Ctrl-C reaches them by itself, and they clean up while the servers still answer."""
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: tests.terminate())
    return tests.wait()


def find(program: str) -> Path | None:
    """Debian keeps PostgreSQL's programs out of the path, a folder for each version."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4]))
    found = debian[-1] if debian else shutil.which(program)
    return Path(found) if found else None


def private_folder() -> Path:
    """A new folder under var/ that the servers' user may reach; in a closed home of root, the system's own place."""
    for parent in (ROOT / "var", Path(tempfile.gettempdir())):
        parent.mkdir(exist_ok=True)
        folder = scratch.folder("servers-", parent)
        folder.chmod(0o777)
        for name in ("postgres", "redis"):
            (folder / name).mkdir()
            if os.geteuid() == 0:
                shutil.chown(folder / name, user(), None)
        if subprocess.run([*as_user(), "test", "-w", folder / "postgres"]).returncode == 0:
            return folder
        shutil.rmtree(folder)
    raise SystemExit("没有可用的目录。(No folder that the servers could use.)")


def user() -> str:
    return "postgres" if "\npostgres:" in Path("/etc/passwd").read_text() else "nobody"


def as_user() -> list[str]:
    """Neither server runs as root, and each ends with the run that started it, even with a killed one."""
    other = [f"--reuid={user()}", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig=INT", *other, "--"]


def start_postgres(binaries: Path, folder: Path, servers: list) -> str:
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    if os.geteuid() == 0:
        shutil.chown(secret, user())
    data, port = folder / "data", free_port()
    initdb = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "brigade",
        "-A",
        "scram-sha-256",
        f"--pwfile={secret}",
        "-N",
        "-E",
        "UTF8",
    ]
    subprocess.run([*as_user(), *initdb, "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 60,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    servers.append(start([binaries / "postgres", "-D", data, *options], folder / "log"))
    await_port(port, servers[-1], folder / "log")
    return f"postgresql://brigade:{password}@127.0.0.1:{port}/postgres"


def start_redis(binary: Path, folder: Path, servers: list) -> str:
    port = free_port()
    options = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
    servers.append(start([binary, *options], folder / "log"))
    await_port(port, servers[-1], folder / "log")
    return f"redis://127.0.0.1:{port}/0"


def start(command: list, log: Path) -> subprocess.Popen:
    """In a session of its own, so that Ctrl-C reaches the tests first and the servers afterwards."""
    with open(log, "ab") as output:
        parts = [str(part) for part in [*as_user(), *command]]
        return subprocess.Popen(parts, stdout=output, stderr=output, cwd="/", start_new_session=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port: int, server: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"服务没有启动：{log.read_text()[-400:]} (The server did not start.)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
