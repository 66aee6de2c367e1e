"""Where a line of a sheet says that a hazard is: road and stakes in any shape, coordinates, or a sentence."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from brigade.kit.geo import parse_stake
from brigade.kit.refusals import Refused
from brigade.ledgers.rules import Look
from brigade.reference.models import Road
from enforcement.hazards import actions, rules
from enforcement.hazards.imports.book import Book
from enforcement.hazards.models import Hazard
from enforcement.hazards.rules import Place
from enforcement.hazards.states import CoordSystem, Direction, GeoSource

SYSTEMS = {
    "WGS84": CoordSystem.WGS84, "GPS": CoordSystem.WGS84, "手机": CoordSystem.WGS84, "北斗": CoordSystem.WGS84,
    "GCJ02": CoordSystem.GCJ02, "高德": CoordSystem.GCJ02, "腾讯": CoordSystem.GCJ02, "火星": CoordSystem.GCJ02,
    "BD09": CoordSystem.BD09, "百度": CoordSystem.BD09,
    "CGCS2000": CoordSystem.CGCS2000, "天地图": CoordSystem.CGCS2000, "国家2000": CoordSystem.CGCS2000,
}  # fmt: skip
"""A word that the cell contains → the system that it means."""
STRETCH = re.compile(r"\s*(?:[~～〜至到—–]+|-+)\s*")
STAKE = re.compile(
    r"(?:[GSXYC]\d{1,6}\s*)?(?:K\d{1,4}(?:\+\d+(?:\.\d+)?)?|\d{1,4}K(?:\+\d+(?:\.\d+)?)?"
    r"|\d{1,4}(?:公里|千米)(?:\d+(?:\.\d+)?米)?)",
    re.IGNORECASE,
)
"""A stake in the midst of a place that was written as one sentence."""
FIELDS = {"stake_start": "stake", "place": "place", "lon": "lon", "geo_source": "lat"}
"""The column beside which a refusal of a place stands; others have the name of the field."""


def locate(look: Look, hazard: Hazard, book: Book) -> None:
    """Road and stakes and coordinates as columns, or out of the sentence that says where it is."""
    try:
        road, start, end = _on_road(look, book)
        place = Place(
            road=road,
            stake_start=start,
            stake_end=end,
            lat=None if look["lat"] is None else float(look["lat"]),
            lon=None if look["lon"] is None else float(look["lon"]),
            coord_sys=_system(look.text("coord_sys")),
            geo_source=GeoSource.IMPORT,
            is_datum_confirmed=bool(look["is_datum_confirmed"]),
        )
        for name, value in rules.located(place, book.surveyed, book.area).items():
            setattr(hazard, name, value)
        actions.check_direction(hazard.road, hazard.direction)
    except Refused as refusal:
        code = FIELDS.get(refusal.field or "place", refusal.field or "place")
        if code not in look.row.letters:
            code = next((one for one in ("stake", "lat", "place", "road", "town") if one in look.row.letters), "town")
        look.fault(code, str(refusal))


WAYS = {"上行": Direction.UP, "下行": Direction.DOWN, "双向": Direction.BOTH}


def way_of(look: Look) -> str:
    """The direction as its column says, else as it stands behind the stake or in the sentence, by one word alone."""
    said = {way for word, way in WAYS.items() for code in ("stake", "place") if word in look.text(code)}
    return look["direction"] or (said.pop() if len(said) == 1 else Direction.NA)


def _on_road(look: Look, book: Book) -> tuple[Road | None, str, str]:
    """Road, first and last stake. A stake may carry the road's number; a stretch may stand in one cell."""
    road = book.road(look["road"]) if look["road"] else None
    start, end = re.sub("|".join(WAYS), "", look.text("stake")), look.text("stake_end")
    if not start and look["lat"] is None:
        found = STAKE.search(unicodedata.normalize("NFKC", look.text("place")))
        start = found[0] if found else ""
        road = road or (book.road_in(look.text("place")) if found else None)
    if not end and len(parts := STRETCH.split(start, maxsplit=1)) == 2 and all(parts):
        start, end = parts
    if start and road is None and (code := parse_stake(start).road):
        road = book.road(code)
    return road, start, end


def _system(text: str) -> str:
    if not text:
        return ""
    plain = re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", text)).upper()
    for word, system in SYSTEMS.items():
        if word in plain:
            return system
    raise Refused(_("不认识坐标系“%s”：写WGS-84、GCJ-02、BD-09或者CGCS2000") % text, field="coord_sys")
