"""Reaching the content of a stored file, and filling a Word form. Who may see it is asked of its owner before."""

import hashlib
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

from django.conf import settings

from brigade.files.models import File, FormTemplate
from brigade.files.states import BUILT_IN, FORMS
from brigade.kit.documents import check_template, render_docx


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


def forms_in_use() -> dict[str, FormTemplate]:
    """The brigade's own version of each Word form that has one in use, by code."""
    rows = FormTemplate.objects.filter(valid_from__isnull=False, replaced_at__isnull=True)
    return {row.code: row for row in rows.select_related("file")}


def version_in_use(code: str) -> int:
    """Which version of a Word form prints now; a document that is frozen keeps it."""
    rows = FormTemplate.objects.filter(code=code, valid_from__isnull=False, replaced_at__isnull=True)
    return rows.values_list("version", flat=True).first() or BUILT_IN


def fill(code: str, values: Mapping[str, Any], *, version: int | None = None) -> bytes:
    """A Word form filled with the values of its fields: by the version in use, or by the one that is asked for."""
    form = FORMS[code]
    wanted = version_in_use(code) if version is None else version
    if wanted == BUILT_IN:
        return render_docx(form.template, values, form.fields)
    row = FormTemplate.objects.select_related("file").get(code=code, version=wanted)
    with open_file(row.file) as template:
        return render_docx(template, values, form.fields)


def warnings_of(row: FormTemplate) -> list[str]:
    """What there is to say of a version that waits to be put into use; its faults too, should its form have changed."""
    with open_file(row.file) as content:
        report = check_template(content.read(), FORMS[row.code])
    return report.faults + report.warnings
