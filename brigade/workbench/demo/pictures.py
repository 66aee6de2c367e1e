"""Drawn pictures of roads in place of photos: nobody's picture is needed to try the portal out."""

from __future__ import annotations

from io import BytesIO
from random import Random

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from brigade.files.actions import store
from brigade.files.models import File
from brigade.files.states import FileKind
from brigade.workbench.demo.world import SEED, World
from enforcement.hazards.rules import dhash
from enforcement.hazards.states import PhotoKind

WIDTH, HEIGHT = 960, 640
SCENES = 6
Shot = tuple[File, str]
"""A stored picture and what it looks like, as `rules.dhash` says."""


def build(world: World) -> dict[str, list[Shot]]:
    """Pictures of before, of cones around it, of after and of the verification, some of each."""
    by = world.people["D10022"]
    shots: dict[str, list[Shot]] = {}
    for kind in (PhotoKind.BEFORE, PhotoKind.INTERIM, PhotoKind.AFTER, PhotoKind.VERIFICATION):
        for n in range(SCENES):
            content = _drawn(Random(SEED + n), kind)
            upload = SimpleUploadedFile(f"演示{kind.label}.jpg", content, "image/jpeg")
            file = store(upload, by=by, kinds=(FileKind.IMAGE,), now=world.now)
            shots.setdefault(kind, []).append((file, dhash(content)))
    return shots


def _drawn(random: Random, kind: str) -> bytes:
    """One road to one seed; mended it has fresh lines, a sign and a railing; verified it is seen the other way."""
    horizon, bend = random.randrange(200, 300), random.randrange(-180, 180)
    image = Image.new("RGB", (WIDTH, HEIGHT), (random.randrange(150, 200), random.randrange(190, 215), 228))
    draw = ImageDraw.Draw(image)
    green = (random.randrange(95, 150), random.randrange(130, 160), 90)
    draw.rectangle((0, horizon, WIDTH, HEIGHT), fill=green)
    far = WIDTH // 2 + bend
    draw.polygon(((far - 24, horizon), (far + 24, horizon), (800, HEIGHT), (160, HEIGHT)), fill=(112, 112, 116))
    for _tree in range(random.randrange(5, 11)):
        x = random.choice((random.randrange(0, 260), random.randrange(700, WIDTH)))
        size = random.randrange(40, 120)
        draw.rectangle((x - 5, horizon, x + 5, horizon + size), fill=(92, 70, 50))
        draw.ellipse((x - size // 2, horizon - size, x + size // 2, horizon + size // 3), fill=(70, 105, 62))
    if kind in (PhotoKind.BEFORE, PhotoKind.INTERIM):
        for _hole in range(5):
            x, y = random.randrange(330, 620), random.randrange(horizon + 150, HEIGHT - 40)
            draw.ellipse((x, y, x + random.randrange(40, 110), y + 26), fill=(66, 64, 62))
    else:
        _mended(draw, horizon, far)
    if kind == PhotoKind.INTERIM:
        for x in range(300, 700, 80):
            draw.polygon(((x, 430), (x + 22, 500), (x - 22, 500)), fill=(232, 96, 24))
            draw.rectangle((x - 12, 462, x + 12, 474), fill=(250, 250, 250))
    if kind == PhotoKind.VERIFICATION:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        draw = ImageDraw.Draw(image)
        draw.rectangle((60, 520, 300, 600), fill=(250, 250, 250))
    draw.text((16, HEIGHT - 28), "DEMO", fill=(255, 255, 255))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _mended(draw: ImageDraw.ImageDraw, horizon: int, far: int) -> None:
    steps = 8
    for n in range(steps):
        y, next_y = (horizon + (HEIGHT - horizon) * part // (2 * steps) for part in (2 * n, 2 * n + 1))
        x = far + (480 - far) * (y - horizon) // (HEIGHT - horizon)
        wide = 2 + n * 2
        draw.polygon(((x - wide, y), (x + wide, y), (x + wide, next_y), (x - wide, next_y)), fill=(246, 246, 240))
    draw.rectangle((768, 250, 776, 560), fill=(120, 124, 128))
    draw.polygon(((772, 150), (842, 270), (702, 270)), fill=(248, 200, 30), outline=(20, 20, 20))
    draw.line(((842, 470), (WIDTH, 520)), fill=(210, 214, 218), width=18)
