"""Whether two pictures are the same picture, as the eye sees it."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

SIDE = 8
ALIKE = 4
"""Signs of difference, of 64, up to which two pictures are taken for one."""


def dhash(content: bytes) -> str:
    """A fingerprint of what a picture shows: whether each of 8 × 8 spots is brighter than its right neighbour.

    It stays the same when a picture is saved anew, made smaller or a little brighter.
    """
    with Image.open(BytesIO(content)) as image:
        grey = image.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.LANCZOS)
        spots = grey.tobytes()
    bits = 0
    for row in range(SIDE):
        line = spots[row * (SIDE + 1) : (row + 1) * (SIDE + 1)]
        for left, right in zip(line, line[1:], strict=False):
            bits = bits << 1 | (left > right)
    return f"{bits:016x}"


def differing(one: str, other: str) -> int:
    """In how many of the 64 signs two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def made_small(content: bytes, width: int = 480) -> bytes:
    """The same picture no wider than that, as JPEG: what a page shows before somebody opens it."""
    with Image.open(BytesIO(content)) as image:
        image.draft("RGB", (width, width))
        image.thumbnail((width, width))
        out = BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=82)
    return out.getvalue()
