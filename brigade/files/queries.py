"""Reaching the content of a stored file. Who may see it is asked of its owner before."""

import hashlib
from io import BufferedReader
from pathlib import Path

from django.conf import settings

from brigade.files.models import File


def path_of(sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


def open_file(file: File) -> BufferedReader:
    """The content for reading; FileNotFoundError is a loss of data and stays loud."""
    return open(path_of(file.sha256), "rb")


def is_intact(file: File) -> bool:
    """Whether the content is there and still the one that was stored; asked of every file after a restore."""
    try:
        with open_file(file) as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
    except FileNotFoundError:
        return False
