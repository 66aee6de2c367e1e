"""A Word document as PDF, by LibreOffice where the machine has it."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from threading import Lock

from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused

LONGEST_SECONDS = 60
_ONE_AT_A_TIME = Lock()
"""The program takes a whole core and 300 MB."""


def can_print() -> bool:
    """Whether this machine can make a PDF of a Word document."""
    return shutil.which("soffice") is not None


def as_pdf(content: bytes) -> bytes:
    """The document as it would be printed. Refused when that takes too long; ask `can_print` before."""
    if not _ONE_AT_A_TIME.acquire(timeout=LONGEST_SECONDS):
        raise Refused(_("正在生成别的预览，过一分钟再试。"))
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _converted(content, Path(folder))
    finally:
        _ONE_AT_A_TIME.release()


def _converted(content: bytes, folder: Path) -> bytes:
    """The program runs in a folder and a profile of its own, and with all that it started ends in time."""
    source = folder / "paper.docx"
    source.write_bytes(content)
    options = ["--headless", "--norestore", "--nologo", f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command = [shutil.which("soffice") or "soffice", *options, "--convert-to", "pdf", "--outdir", str(folder)]
    own = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ} | {"HOME": str(folder)}
    process = subprocess.Popen(
        [*command, str(source)],
        env=own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise Refused(_("预览一分钟还没有生成，下载Word看。")) from error
    made = source.with_suffix(".pdf")
    if not made.exists():
        raise Refused(_("预览没有生成，下载Word看。"))
    return made.read_bytes()
