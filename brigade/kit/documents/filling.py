"""Filling a Word template in a sandbox. What the record does not hold is never made up."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from brigade.kit.documents.fields import Field, with_labels
from brigade.kit.refusals import Refused
from brigade.kit.text import strip_unsafe

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class _Document(DocxTemplate):
    """Where a loop had nothing to write, Word still asks for a line in each cell, a cell in each row, a row in each
    table, and calls the file damaged without them."""

    def fix_tables(self, xml: str) -> etree._Element:
        tree = super().fix_tables(xml)
        for row in list(tree.iter(f"{WORD}tr")):
            if row.find(f"{WORD}tc") is None:
                row.getparent().remove(row)
        for table in list(tree.iter(f"{WORD}tbl")):
            if table.find(f"{WORD}tr") is None:
                table.getparent().remove(table)
        for cell in tree.iter(f"{WORD}tc"):
            if len(cell) == 0 or cell[-1].tag != f"{WORD}p":
                etree.SubElement(cell, f"{WORD}p")
        return tree


def render_docx(template: Path | IO[bytes], context: Mapping[str, Any], fields: Iterable[Field] = ()) -> bytes:
    """The filled document. Values are text, numbers, or lists and dicts of them; text goes in as text, never as markup.

    `fields` lets the template name them by their Chinese names too. A field that the template names and the context
    lacks refuses, rather than leaving a hole nobody sees.
    """
    document = _Document(template)
    try:
        document.render(_plain(with_labels(fields, context)), jinja_env=environment(), autoescape=True)
    except UndefinedError as error:
        raise Refused(_("模板里有这份记录没有的内容：%(error)s") % {"error": error}) from error
    except SecurityError as error:
        raise Refused(_("模板里有不允许的写法：%(error)s") % {"error": error}) from error
    except TemplateError as error:
        raise Refused(_("模板写法有误：%(error)s") % {"error": error}) from error
    output = BytesIO()
    document.save(output)
    return output.getvalue()


def environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)


def _plain(value: Any) -> Any:
    """Plain values only: a template that gets hold of an object could ask it for more than it was given."""
    match value:
        case None:
            return ""
        case bool() | int() | float():
            return value
        case Mapping():
            return {str(key): _plain(part) for key, part in value.items()}
        case str() | Promise():
            return strip_unsafe(str(value))
        case list() | tuple() | set() | frozenset():
            return [_plain(part) for part in value]
    return strip_unsafe(str(value))
