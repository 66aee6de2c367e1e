"""Whether a template may be put in place: what a clerk wrote wrong is said in sentences, what a stranger tries is no.

Allowed are fields of the form, `for` over a field of several lines, `if`, == and != and three filters. Everything
else that the template language can do is refused by not being in the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import BytesIO
from zipfile import BadZipFile

from django.utils.translation import gettext as _
from docxtpl import DocxTemplate
from jinja2 import TemplateError, nodes
from lxml import etree

from brigade.kit.archives import broken
from brigade.kit.documents.fields import Field, Filling, WordForm, by_name
from brigade.kit.documents.filling import environment, render_docx
from brigade.kit.documents.packages import check_package
from brigade.kit.refusals import Refused

MAX_TAGS = 1_000
FILTERS = ("join", "length", "default")
OF_LOOP = ("index", "first", "last", "length")
STATEMENTS = ("if", "elif", "else", "endif", "for", "endfor")
PROPERTIES = ("author", "comments", "identifier", "keywords", "language", "subject", "title")
LONGEST_PROPERTY = 1_000
"""Characters of title, author and the like: no markup parts them, so they would be looked at from each sign on."""
OPEN = {"{{": "}}", "{%": "%}"}
UNREADABLE = (KeyError, ValueError, AttributeError, IndexError, TypeError, OSError, BadZipFile, etree.LxmlError)
"""What the reader of Word files raises when their parts do not fit together."""
MARKUP = re.compile(r"<[^>]*>")
PARAGRAPH_END = "</w:p>"
AROUND = 20
"""Characters of a template that a sentence shows."""


@dataclass
class Report:
    """What was found; with a fault the template is not taken, with a warning it is."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def fault(self, sentence: str) -> None:
        if sentence not in self.faults:
            self.faults.append(sentence)


def check_template(content: bytes, form: WordForm) -> Report:
    """Everything that is wrong with a template of this form, at once."""
    report = Report()
    try:
        check_package(content)
        document = DocxTemplate(BytesIO(content))
        parts = list(_parts(document))
    except Refused as refusal:
        report.fault(str(refusal))
        return report
    except UNREADABLE:
        report.fault(broken())
        return report
    for part in parts:
        if _is_readable(part, form, report):
            _check_language(document.patch_xml(part), form, report)
    if not report.faults:
        _try(content, form, report)
    missing = [str(one.label) for one in form.fields if one.required and one.name not in report.used]
    if missing and not report.faults:
        report.warnings.append(_("没有用到：%s。确实不要就不用管。") % "、".join(missing))
    return report


def _try(content: bytes, form: WordForm, report: Report) -> None:
    """What the parse cannot know shows when it is filled."""
    for filling in Filling.values:
        try:
            render_docx(BytesIO(content), form.filled(filling), form.fields)
        except Refused as refusal:
            report.fault(str(refusal))
        except UNREADABLE:
            report.fault(_("填上内容就打不开了：循环和条件要各占一整段，表格里的要占一整行。"))


def _parts(document: DocxTemplate) -> Iterator[str]:
    """Everything that is filled, as it lies in the file: body, headers, footers, footnotes, properties."""
    document.init_docx()
    yield document.get_xml()
    for uri in (document.HEADER_URI, document.FOOTER_URI):
        for _key, part in document.get_headers_footers(uri):
            yield document.get_part_xml(part)
    for part in document.docx.part.package.iter_parts():
        if str(part.partname).startswith("/word/footnotes"):
            yield part.blob.decode("utf-8")
    for name in PROPERTIES:
        text = getattr(document.docx.core_properties, name) or ""
        if len(text) > LONGEST_PROPERTY:
            raise Refused(_("文档属性里的文字过长，在Word“文件—信息”里把标题、备注删短再传。"))
        yield text


def _is_readable(source: str, form: WordForm, report: Report) -> bool:
    """Whether the signs of a template stand where a person can have written them, each pair closed."""
    plain = MARKUP.sub("", source.replace(PARAGRAPH_END, "\n"))
    for wrong, right in (("｛｛", "{{"), ("｝｝", "}}"), ("{｛", "{{"), ("｛%", "{%")):
        if wrong in plain:
            report.fault(_("“%(wrong)s”是全角的，要写成半角“%(right)s”。") % {"wrong": wrong, "right": right})
    if any(mark in tag for tag in MARKUP.findall(source) for mark in ("{{", "{%", "{#")):
        report.fault(_("字段写在了看不见的地方，删去这一段重新录入。"))
        return False
    known = by_name(form.fields)
    for single in re.findall(r"(?<!{){\s*([^{}%#\s]{1,40})\s*}(?!})", plain):
        if single in known:
            report.warnings.append(_("“{%(name)s}”只有一层括号，不会填；要填就写成两层。") % {"name": single})
    return _is_paired(plain, report)


def _is_paired(plain: str, report: Report) -> bool:
    """Whether the signs open and close in turn; looked at first, because what follows is slow on what does not."""
    awaited, opened, count = "", 0, 0
    for found in re.finditer(r"\{\{|\}\}|\{%|%\}|\{#|#\}", plain):
        sign = found.group()
        if "#" in sign:
            report.fault(_("模板里不能写注释“{# #}”，用Word的批注。"))
            return False
        if (sign in OPEN) == bool(awaited) or (awaited and sign != awaited):
            around = (
                _line(plain[opened : found.start()]) if awaited else plain[: found.end()].splitlines()[-1][-AROUND:]
            )
            report.fault(_("“%s”这里的括号没有成对。") % around.strip())
            return False
        awaited, opened = OPEN.get(sign, ""), found.start()
        count += 1
    if awaited:
        report.fault(_("最后一处“%s”没有写完。") % _line(plain[opened:]))
        return False
    if count > MAX_TAGS * 2:
        report.fault(_("字段超过%d处，太多了。") % MAX_TAGS)
        return False
    return True


def _line(text: str) -> str:
    """The beginning of a text, no further than its paragraph."""
    return text.split("\n", 1)[0].strip()[:AROUND]


def _check_language(source: str, form: WordForm, report: Report) -> None:
    """Each tag by itself first, so that the sentence can name it; then how those that are left hang together."""
    before = len(report.faults)
    for tag in re.findall(r"\{\{.*?\}\}|\{%.*?%\}", source, re.DOTALL):
        inner = tag[2:-2].strip(" \t\r\n-+")
        if tag.startswith("{{"):
            whole = tag
        else:
            word = inner.split(maxsplit=1)[0] if inner else ""
            if word not in STATEMENTS:
                report.fault(_("模板里不能用“%s”，只能用for和if。") % (word[:20] or "{% %}"))
                source = source.replace(tag, "")
                continue
            whole = {"if": f"{tag}{{% endif %}}", "elif": f"{{% if 1 %}}{tag}{{% endif %}}"}.get(word, "")
            whole = f"{tag}{{% endfor %}}" if word == "for" else whole
        try:
            environment().parse(whole)
        except (TemplateError, RecursionError):
            report.fault(_("“%s”这种写法认不得。") % inner[:40])
            source = source.replace(tag, "")
    try:
        _Reader(form.fields, report).read(environment().parse(source))
    except (TemplateError, RecursionError):
        if len(report.faults) == before:
            report.fault(_("for和if没有配对：每个for要有endfor，每个if要有endif；带p的独占一段，带tr的独占一行。"))


@dataclass(frozen=True, slots=True)
class Shape:
    """What an expression gives: plain text, a line with parts, or several lines. Without a field: anything plain."""

    field: Field | None = None
    many: bool = False

    @property
    def is_line(self) -> bool:
        return self.field is not None and not self.many and bool(self.field.parts)


PLAIN = Shape()
LOOP = Shape(Field("loop", "loop", parts=tuple(Field(name, name) for name in OF_LOOP)))
Scope = dict[str, Shape]


class _Reader:
    """Walks a template: nothing that it does not know passes."""

    def __init__(self, fields: Iterable[Field], report: Report) -> None:
        self.fields = by_name(fields)
        self.report = report

    def read(self, tree: nodes.Template) -> None:
        self._block(tree.body, {name: Shape(one, bool(one.lines)) for name, one in self.fields.items()}, None)

    def _block(self, body: list[nodes.Node], scope: Scope, inside: str | None) -> None:
        for node in body:
            match node:
                case nodes.Output():
                    for part in node.nodes:
                        if not isinstance(part, nodes.TemplateData):
                            self._shown(part, scope)
                case nodes.If():
                    self._value(node.test, scope)
                    self._block(node.body, scope, inside)
                    self._block(list(node.elif_), scope, inside)
                    self._block(node.else_, scope, inside)
                case nodes.For():
                    self._loop(node, scope, inside)
                case _:
                    self.report.fault(_("模板里不能用“%s”，只能用for和if。") % type(node).__name__.lower())

    def _loop(self, node: nodes.For, scope: Scope, inside: str | None) -> None:
        lines = self._value(node.iter, scope)
        if not isinstance(node.target, nodes.Name) or node.target.name.startswith("_") or node.recursive:
            self.report.fault(_("循环要写成“for 一行 in 字段”。"))
            return
        if lines is None:
            return
        if not lines.many:
            self.report.fault(_("“%s”只有一项，不能循环。") % _words(node.iter))
            return
        if inside is not None and _root(node.iter) != inside:
            self.report.fault(_("循环里面只能再循环这一行自己的内容，不能循环“%s”。") % _words(node.iter))
            return
        inner = scope | {node.target.name: Shape(lines.field), "loop": LOOP}
        if node.test is not None:
            self._value(node.test, inner)
        self._block(node.body, inner, node.target.name)
        self._block(node.else_, scope, inside)

    def _shown(self, node: nodes.Node, scope: Scope) -> None:
        found = self._value(node, scope)
        if found is not None and (found.many or found.is_line):
            self.report.fault(_("“%s”有好几项，要用for逐行写。") % _words(node))

    def _value(self, node: nodes.Node, scope: Scope) -> Shape | None:
        """What the expression gives; None when a fault was told."""
        match node:
            case nodes.Const():
                return PLAIN
            case nodes.Name():
                return self._named(node.name, scope)
            case nodes.Getattr():
                return self._part(node, scope)
            case nodes.Getitem():
                return self._item(node, scope)
            case nodes.Filter():
                return self._filtered(node, scope)
            case nodes.Compare() if all(one.op in ("eq", "ne") for one in node.ops):
                return self._all([node.expr, *(one.expr for one in node.ops)], scope)
            case nodes.And() | nodes.Or():
                return self._all([node.left, node.right], scope)
            case nodes.Not():
                return self._all([node.node], scope)
            case nodes.Call():
                self.report.fault(_("模板里不能调用函数：“%s()”。") % _words(node.node))
            case _:
                self.report.fault(_("模板里只能写字段，不能计算。"))
        return None

    def _all(self, parts: list[nodes.Expr], scope: Scope) -> Shape | None:
        found = [self._value(part, scope) for part in parts]
        return None if None in found else PLAIN

    def _named(self, name: str, scope: Scope) -> Shape | None:
        if name not in scope:
            self._unknown(name, {key: one.field for key, one in scope.items() if one.field})
            return None
        if (one := self.fields.get(name)) is not None and scope[name].field is one:
            self.report.used.add(one.name)
        return scope[name]

    def _part(self, node: nodes.Getattr, scope: Scope) -> Shape | None:
        if node.attr.startswith("_"):
            self.report.fault(_("模板里不能用下划线开头的名字：“%s”。") % node.attr[:40])
            return None
        found = self._value(node.node, scope)
        if found is None:
            return None
        if not found.is_line or found.field is None:
            self.report.fault(
                _("“%(name)s”没有“%(part)s”这一项。") % {"name": _words(node.node), "part": node.attr[:40]}
            )
            return None
        parts = by_name(found.field.parts)
        if node.attr not in parts:
            self._unknown(node.attr, parts)
            return None
        return Shape(parts[node.attr], bool(parts[node.attr].lines))

    def _item(self, node: nodes.Getitem, scope: Scope) -> Shape | None:
        found = self._value(node.node, scope)
        if found is None:
            return None
        number = node.arg.value if isinstance(node.arg, nodes.Const) else None
        field = found.field
        if not found.many or field is None or not field.fixed or type(number) is not int:
            self.report.fault(_("“%s”不能用方括号取，要用for逐行写。") % _words(node.node))
        elif not 0 <= number < field.lines:
            self.report.fault(
                _("“%(name)s”只有%(n)d项，从0数到%(last)d。")
                % {"name": _words(node.node), "n": field.lines, "last": field.lines - 1}
            )
        else:
            return Shape(field)
        return None

    def _filtered(self, node: nodes.Filter, scope: Scope) -> Shape | None:
        plain = all(isinstance(one, nodes.Const) for one in node.args) and not (
            node.kwargs or node.dyn_args or node.dyn_kwargs
        )
        if node.name not in FILTERS or not plain or node.node is None:
            self.report.fault(
                _("模板里不能用“|%(name)s”，只能用%(all)s。") % {"name": node.name, "all": "、".join(FILTERS)}
            )
            return None
        found = self._value(node.node, scope)
        if found is None:
            return None
        if node.name == "default":
            return found
        if not found.many or (node.name == "join" and found.field is not None and found.field.parts):
            self.report.fault(_("“%(what)s”不能用“|%(name)s”。") % {"what": _words(node.node), "name": node.name})
            return None
        return PLAIN

    def _unknown(self, name: str, known: dict[str, Field] | dict[str, Field | None]) -> None:
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        one = known[near[0]] if near else None
        if one is None:
            self.report.fault(_("没有“%s”这个字段，照字段表里的名字写。") % name[:40])
        else:
            self.report.fault(
                _("没有“%(name)s”这个字段，最接近的是“%(label)s”（%(near)s）。")
                % {"name": name[:40], "label": one.label, "near": one.name}
            )


def _root(node: nodes.Node) -> str:
    while isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Filter) and node.node is not None:
        node = node.node
    return node.name if isinstance(node, nodes.Name) else ""


def _words(node: nodes.Node) -> str:
    """The expression as it was written, as far as it is a name."""
    match node:
        case nodes.Name():
            return str(node.name)[:40]
        case nodes.Getattr():
            return f"{_words(node.node)}.{node.attr}"[:60]
        case nodes.Getitem() | nodes.Filter() if node.node is not None:
            return _words(node.node)
        case nodes.Call():
            return f"{_words(node.node)}()"
    return _("这里")
