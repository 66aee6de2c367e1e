"""`make backup` and `make restore FILE=…`: database, attachments, anchors and keys in one checked archive."""

import argparse
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brigade.config.settings")

import django
from django.conf import settings
from django.db import connection
from django.utils import timezone

MANIFEST = "manifest.json"
DATABASE = "database"


class BackupFailed(Exception):
    """The one sentence that says why the archive cannot be made or taken."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("make")
    commands.add_parser("restore").add_argument("archive", type=Path)
    options = parser.parse_args()
    django.setup()
    try:
        print(make(timezone.localtime()) if options.command == "make" else restore(options.archive))
    except BackupFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def folders() -> dict[str, Path]:
    """What belongs to the records beside the database: attachments, and the heads of the audit trail."""
    return {"files": Path(settings.MEDIA_ROOT), "anchors": Path(settings.AUDIT_ANCHOR_DIR)}


# Making


def make(now: datetime) -> Path:
    """Write var/backups/<time>.tar; the portal may go on working meanwhile. It holds the keys: guard it like them.

    The database is copied first: a file that is added later is in the archive without a row, never a row without it.
    """
    target = settings.VAR / "backups" / f"{now:%Y%m%d-%H%M%S}.tar"
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        parts = {DATABASE: Path(scratch) / DATABASE}
        copy_database(parts[DATABASE])
        parts["keys.json"] = settings.KEY_FILE
        for name, folder in folders().items():
            parts |= {f"{name}/{path.relative_to(folder)}": path for path in folder.rglob("*") if path.is_file()}
        manifest = {
            "made_at": now.isoformat(),
            "engine": connection.vendor,
            "sha256": {name: digest(path) for name, path in sorted(parts.items()) if path.exists()},
        }
        (Path(scratch) / MANIFEST).write_text(json.dumps(manifest, indent=1))
        with tarfile.open(Path(scratch) / "archive", "w") as archive:
            archive.add(Path(scratch) / MANIFEST, MANIFEST)
            for name in manifest["sha256"]:
                archive.add(parts[name], name)
        (Path(scratch) / "archive").rename(target)
    return target


def copy_database(target: Path) -> None:
    """One consistent state, taken by the engine's own means while others write."""
    if connection.vendor == "sqlite":
        with (
            closing(sqlite3.connect(connection.settings_dict["NAME"])) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
    else:
        run("pg_dump", "--format=custom", "--no-owner", f"--file={target}", database_name())


# Restoring


def restore(archive: Path) -> str:
    """Check every checksum first, set what is there aside, then put the archive's state in its place.

    What was damaged before the backup has a right checksum in it: the attachments are held against their rows too.
    """
    if not archive.is_file():
        raise BackupFailed(f"没有这个备份文件：{archive}。(There is no such archive.)")
    with tempfile.TemporaryDirectory(dir=settings.VAR) as scratch:
        manifest = unpack(archive, Path(scratch))
        if manifest["engine"] != connection.vendor:
            raise BackupFailed(
                f"备份来自{manifest['engine']}，现在用的是{connection.vendor}。(Another database engine.)"
            )
        aside = settings.VAR / "backups" / f"before-{archive.stem}-{timezone.localtime():%H%M%S}"
        aside.mkdir(parents=True)
        connection.close()
        for name, folder in folders().items():
            replace(Path(scratch) / name, folder, aside / name)
        replace(Path(scratch) / "keys.json", settings.KEY_FILE, aside / "keys.json")
        if connection.vendor == "sqlite":
            live = Path(connection.settings_dict["NAME"])
            for suffix in ("-wal", "-shm"):
                replace(Path(scratch) / "none", live.with_name(live.name + suffix), aside / f"{DATABASE}{suffix}")
            replace(Path(scratch) / DATABASE, live, aside / DATABASE)
        else:
            options = ("--clean", "--if-exists", "--no-owner", "--exit-on-error", "--single-transaction")
            run("pg_restore", *options, f"--dbname={database_name()}", str(Path(scratch) / DATABASE))
    said = f"已恢复{manifest['made_at'][:16]}的备份，原有文件移到{aside}。(Restored; the former files lie there.)"
    if bad := damaged_attachments():
        said += f"\n有{len(bad)}个附件在备份前就已缺失或损坏，如{bad[0]}。(Attachments were damaged before the backup.)"
    return said


def damaged_attachments() -> list[str]:
    """Names of those whose content is missing or is not the one that was stored."""
    # Models can be imported only once Django is set up.
    from brigade.files.models import File
    from brigade.files.queries import is_intact

    return [file.name for file in File.objects.only("name", "sha256").order_by("pk").iterator() if not is_intact(file)]


def unpack(archive: Path, target: Path) -> dict:
    """The manifest, when every file is the one that was packed; nothing outside the target is ever written."""
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                place = (target / member.name).resolve()
                if not member.isfile() or not place.is_relative_to(target.resolve()):
                    raise ValueError(member.name)
                place.parent.mkdir(parents=True, exist_ok=True)
                with packed.extractfile(member) as content, open(place, "wb") as copy:
                    shutil.copyfileobj(content, copy)
        manifest = json.loads((target / MANIFEST).read_text())
        found = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} - {MANIFEST}
        bad = found ^ manifest["sha256"].keys()
        bad |= {name for name in found - bad if digest(target / name) != manifest["sha256"][name]}
    except (tarfile.TarError, OSError, ValueError, KeyError) as error:
        raise BackupFailed(f"备份文件已损坏，没有恢复：{error}。(The archive is damaged.)") from None
    if bad:
        raise BackupFailed(f"备份中{sorted(bad)[0]}与校验值不符，没有恢复。(A checksum does not match.)")
    return manifest


def replace(new: Path, live: Path, aside: Path) -> None:
    if live.exists():
        shutil.move(live, aside)
    if new.exists():
        live.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(new, live)


# Small tools


def database_name() -> str:
    return connection.settings_dict["NAME"]


def run(program: str, *arguments: str) -> None:
    parts = connection.settings_dict
    login = {"PGHOST": parts["HOST"], "PGPORT": parts["PORT"], "PGUSER": parts["USER"], "PGPASSWORD": parts["PASSWORD"]}
    environment = os.environ | {name: value for name, value in login.items() if value}
    try:
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True)
    except FileNotFoundError:
        raise BackupFailed(f"缺少程序 {program}（软件包 postgresql-client）。({program} is missing.)") from None
    if done.returncode:
        raise BackupFailed(f"{program}：{done.stderr.strip()[-300:]}")


def digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
