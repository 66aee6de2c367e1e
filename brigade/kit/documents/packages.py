"""What lies in a Word file besides text: a template may hold pictures and page numbers, nothing that fetches."""

import re
from zipfile import ZipFile

from django.utils.translation import gettext as _
from lxml import etree

from brigade.kit import archives
from brigade.kit.refusals import Refused

MAX_PART = 4 * 1024 * 1024
ENDINGS = (".xml", ".rels", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".odttf")
"""What the parts of a plain document are called."""
DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RELATED = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
FOREIGN = {"oleobject", "package", "control", "afchunk", "vbaproject", "subdocument", "frame", "attachedtoolbars"}
"""Kinds of part that are a file of another program, or are put together from elsewhere."""
ELEMENTS = {"object", "control", "altChunk", "subDoc", "OLEObject", "ocx"}
FIELDS = {"PAGE", "NUMPAGES", "SECTION", "SECTIONPAGES", "SEQ", "REF", "PAGEREF", "STYLEREF", "TOC", "EQ", "SYMBOL"}
"""Word's own fields that only count pages, refer to the text or draw a sign; all others fetch, ask or compute."""


def check_package(content: bytes) -> None:
    """Refuse a Word file that links outside, embeds another file, or has a field of Word that does more than count.

    Its archive has been checked before: no bomb, no macro, no path out.
    """
    with archives.opened(content) as archive:
        for entry in archive.infolist():
            name = entry.filename.lower()
            if name.endswith("/"):
                continue
            if not name.endswith(ENDINGS):
                raise Refused(_("文件里夹带了“%s”，模板里只能有文字和图片。") % entry.filename.rpartition("/")[2])
            if name.endswith((".xml", ".rels")):
                if entry.file_size > MAX_PART:
                    raise Refused(_("文件内容过多，模板只放固定文字和字段。"))
                _check_part(_tree(archive, entry.filename))
        _check_kind(_tree(archive, "[Content_Types].xml"))


def _tree(archive: ZipFile, name: str) -> etree._Element:
    """The part, with nothing fetched and nothing expanded."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(archive.read(name), parser)
    except etree.XMLSyntaxError as error:
        raise Refused(archives.broken()) from error
    if tree.getroottree().docinfo.doctype:
        raise Refused(_("文件里带有外部引用，不能收。"))
    return tree


def _check_kind(types: etree._Element) -> None:
    kinds = {part.get("ContentType", "") for part in types.iter(etree.Element)}
    if any("template" in kind and kind.endswith("main+xml") for kind in kinds):
        raise Refused(_("这是Word的模板格式（.dotx），用Word另存为.docx后再传。"))
    if any("macroenabled" in kind.lower() or "vba" in kind.lower() for kind in kinds):
        raise Refused(_("文件里带有宏或嵌入的程序，请另存为不带宏的文档后再传。"))
    if DOCUMENT not in kinds:
        raise Refused(archives.broken())


def _check_part(tree: etree._Element) -> None:
    for related in tree.iter(RELATED):
        _check_relation(related)
    for element in tree.iter(etree.Element):
        if etree.QName(element).localname in ELEMENTS:
            raise Refused(_("文件里嵌入了别的文件或控件，删去后再传。"))
    for told in _instructions(tree):
        words = told.split()
        if not words or words[0].upper() not in FIELDS or re.search(r"[{}%#]", told):
            raise Refused(
                _("文件里有Word自己的域“%s”，只能留页码和引用；选中它按Ctrl+Shift+F9变成文字后再传。")
                % (words[0][:20] if words else _("空"))
            )


def _check_relation(related: etree._Element) -> None:
    kind = related.get("Type", "").rpartition("/")[2].lower()
    if kind == "attachedtemplate":
        raise Refused(_("文件挂着另一个模板，在Word“文档模板”里取消后再传。"))
    if related.get("TargetMode", "").lower() == "external":
        target = related.get("Target", "")[:60]
        raise Refused(_("文件链接了外面的内容“%s”，取消链接或者把内容贴进来再传。") % target)
    if kind in FOREIGN:
        raise Refused(_("文件里嵌入了别的文件或控件，删去后再传。"))


def _instructions(tree: etree._Element) -> list[str]:
    """What each of Word's fields is told to do.

    A field is written over several elements. What stands in it, its shown result too, is taken as one piece for the
    signs of a template: a condition that cuts a field into pieces could make another one of them.
    """
    found = [element.get(f"{WORD}instr", "") for element in tree.iter(f"{WORD}fldSimple")]
    open_fields: list[list[str]] = []
    for element in tree.iter(f"{WORD}fldChar", f"{WORD}instrText", f"{WORD}t"):
        if element.tag == f"{WORD}fldChar":
            match element.get(f"{WORD}fldCharType"):
                case "begin":
                    open_fields.append([])
                case "end" if open_fields:
                    found.append("".join(open_fields.pop()))
        elif open_fields:
            marks = "".join(re.findall(r"[{}%#]", element.text or ""))
            open_fields[-1].append(element.text or "" if element.tag.endswith("instrText") else marks)
        elif element.tag == f"{WORD}instrText":
            found.append(element.text or "")
    return found + ["".join(parts) for parts in open_fields]
