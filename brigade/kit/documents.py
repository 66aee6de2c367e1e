"""Word forms filled from templates that the brigade can replace. What the record does not hold is never made up."""

from collections.abc import Collection, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, meta, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from brigade.kit.refusals import Refused
from brigade.kit.text import strip_unsafe


def render_docx(template: Path, context: Mapping[str, Any]) -> bytes:
    """The filled document. Values are text, numbers, or lists and dicts of them; text goes in as text, never as markup.

    A field that the template names and the context lacks refuses, rather than leaving a hole nobody sees.
    """
    document = DocxTemplate(template)
    try:
        document.render(_plain(context), jinja_env=_environment(), autoescape=True)
    except UndefinedError as error:
        raise Refused(_("模板里有这份记录没有的内容：%(error)s") % {"error": error}) from error
    except SecurityError as error:
        raise Refused(_("模板里有不允许的写法：%(error)s") % {"error": error}) from error
    except TemplateError as error:
        raise Refused(_("模板写法有误：%(error)s") % {"error": error}) from error
    output = BytesIO()
    document.save(output)
    return output.getvalue()


def check_template(template: Path, fields: Collection[str]) -> None:
    """Refuse a template, when it is put in place, that names other fields than these or calls anything."""
    try:
        tree = _environment().parse(_source(DocxTemplate(template)))
        unknown = meta.find_undeclared_variables(tree) - set(fields)
    except TemplateError as error:
        raise Refused(_("模板写法有误：%(error)s") % {"error": error}) from error
    if unknown:
        raise Refused(_("模板里有认不得的内容：%(names)s") % {"names": "、".join(sorted(unknown))})
    if any(True for _call in tree.find_all(nodes.Call)):
        raise Refused(_("模板里不能调用函数。"))


def _source(document: DocxTemplate) -> str:
    """Body, headers and footers as the template engine reads them."""
    document.init_docx()
    parts = [document.get_xml()]
    for uri in (document.HEADER_URI, document.FOOTER_URI):
        parts += [document.get_part_xml(part) for _key, part in document.get_headers_footers(uri)]
    return "".join(document.patch_xml(part) for part in parts)


def _environment() -> ImmutableSandboxedEnvironment:
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
