"""Reporting a hazard: photo, place, category; what is refused stands beside its field, and nothing is lost."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from brigade.files.models import File
from brigade.kit.geo import Datum, from_wgs84
from brigade.kit.ids import new_id
from brigade.org.models import Beat
from brigade.org.states import Role
from brigade.reference.models import Town
from enforcement.hazards.models import Hazard
from enforcement.hazards.rules import Place
from tests.brigade.org.factories import LONG_AGO, person, unit
from tests.enforcement.hazards.world import HERE, category, drawn, registered, reported

pytestmark = pytest.mark.django_db
in_full = pytest.mark.django_db(transaction=True)
NEW, NEAR, PHOTOS = (f"/enforcement/hazards/{part}" for part in ("new/", "new/near/", "photos/"))


def picture(name="现场.jpg", content=None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or drawn(), "image/jpeg")


def uploaded(client) -> str:
    """What the page holds after a photo was taken: its id."""
    answer = client.post(PHOTOS, {"photo_files": picture()})
    assert answer.status_code == 200
    return str(File.objects.order_by("-at", "-pk").first().pk)


@pytest.fixture
def page(client, world):
    client.force_login(world.officer)
    return client


def typed(world, client, **fields) -> dict:
    given = {
        "id": str(new_id()),
        "photos": uploaded(client),
        "lat": HERE.lat,
        "lon": HERE.lon,
        "acc_m": 8,
        "coord_sys": "wgs84",
        "geo_source": "gps",
        "town": world.town.pk,
        "category": category().pk,
        "source": "patrol",
        "direction": "na",
        "description": "树挡视线，夜间无照明",
    }
    return given | fields


def test_photo_place_and_category_are_a_report(page, world):
    """A4: open, photo, its file, category, send: five interactions where the device knows the place."""
    form = page.get(NEW).context["form"]
    assert form["town"].value() == world.town.pk
    assert "上报给城区一中队" in page.get(NEW).content.decode()
    answer = page.post(NEW, typed(world, page), follow=True)
    made = Hazard.objects.get()
    assert answer.redirect_chain[-1][0] == made.get_absolute_url()
    assert (made.unit, made.state, made.created_by) == (world.squadron, "reported", world.officer)
    assert (float(made.lat), made.acc_m, made.geo_source) == (HERE.lat, 8, "gps")
    assert made.photos.count() == 1
    assert f"编号{made.number}" in answer.content.decode()


def test_the_town_of_the_last_report_is_offered(client, world):
    hazard = reported(world, "2026-01-05T08:00")
    other = type(world.town).objects.exclude(pk=world.town.pk).order_by("code").first()
    Hazard.objects.filter(pk=hazard.pk).update(town=other)
    client.force_login(world.officer)
    assert client.get(NEW).context["form"]["town"].value() == other.pk


def test_the_same_form_sent_twice_is_one_hazard(page, world):
    form = typed(world, page)
    assert page.post(NEW, form).status_code == 302
    assert page.post(NEW, form).status_code == 302
    assert Hazard.objects.count() == 1


def test_a_click_on_our_map_is_wgs84_whatever_was_chosen(page, world):
    page.post(NEW, typed(world, page, coord_sys="gcj02", geo_source="map_click"))
    made = Hazard.objects.get()
    assert (made.coord_sys, float(made.lat)) == ("wgs84", HERE.lat)


def test_road_and_stake_are_a_place_too(page, world):
    stake = {"road": world.road.pk, "stake_start": "K3+350", "direction": "up"}
    page.post(NEW, typed(world, page, lat="", lon="", acc_m="", geo_source="", **stake))
    made = Hazard.objects.get()
    assert (made.stakes, made.geo_source) == ("K3+350", "stake_calc")
    assert made.title.startswith("县道012 K3+350 上行")


REFUSED = [
    ({"lat": "115.9855", "lon": "36.456"}, "lat", "经度和纬度填反了"),
    ({"lat": "36.1", "lon": "117.0"}, "lat", "这个位置不在辖区内"),
    ({"lat": "三十六"}, "lat", "经纬度写成36.456123这样的小数"),
    ({"lat": "36.456", "lon": ""}, "lon", "经度和纬度要一起填"),
    ({"stake_start": "K12+1350", "road": "X012"}, "stake_start", "K12+1350"),
    ({"stake_start": "K1+100"}, "road", "有桩号就要选道路"),
    ({"category": ""}, "category", "选一项：什么问题"),
    ({"town": ""}, "town", "选乡镇街道"),
    ({"photos": ""}, "photos", "拍一张现场照片再上报"),
    ({"photos": "01234567-0123-7123-8123-0123456789ab"}, "photos", "照片没有传上来，请重新选"),
    ({"description": "长" * 4001}, "description", "最多4000个字，现在是4001个"),
    ({"discovered_at": "2099-01-01 08:00"}, "discovered_at", "发现时间不能晚于现在"),
]


@pytest.mark.parametrize(("wrong", "field", "sentence"), REFUSED)
@in_full
def test_a_refusal_stands_beside_its_field_and_keeps_everything(page, world, wrong, field, sentence):
    if wrong.get("road"):
        wrong = wrong | {"road": world.road.pk}
    form = typed(world, page) | wrong
    answer = page.post(NEW, form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert any(sentence in error for error in answer.context["form"].errors.get(field, [])), answer.context[
        "form"
    ].errors
    assert sentence in text
    assert "填过的都还在" in text
    if "photos" not in wrong:
        assert f'value="{form["photos"]}"' in text
    if "description" not in wrong:
        assert "树挡视线，夜间无照明" in text
    if "category" not in wrong:
        assert f'value="{category().pk}" checked' in " ".join(text.split())
    assert Hazard.objects.count() == 0


@in_full
def test_a_pair_of_another_datum_is_suspected_and_may_be_confirmed(page, world):
    """A pair read from another map lies some 500 m beside the road, and on it by the other system."""

    shifted = from_wgs84(HERE, Datum.GCJ02)
    form = typed(world, page, lat=shifted.lat, lon=shifted.lon)
    answer = page.post(NEW, form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "正好在路上，请改选坐标系" in text
    assert "坐标系无误" in text and 'name="is_datum_confirmed"' in text
    assert page.post(NEW, form | {"is_datum_confirmed": "on"}).status_code == 302


@in_full
def test_what_lies_near_is_shown_before_and_asked_for_when_sent(page, world):
    known = reported(world, f"{timezone.localtime():%Y-%m-%dT%H:%M}")
    form = typed(world, page)
    live = page.post(NEAR, form, headers={"HX-Request": "true"})
    text = live.content.decode()
    assert "0米外有一处相近隐患（待核实）" in text and known.get_absolute_url() in text
    assert 'hx-swap-oob="true"' in text and "上报给城区一中队" in text
    answer = page.post(NEW, form)
    assert answer.status_code == 422
    assert "看过不是同一处再提交" in answer.content.decode()
    assert page.post(NEW, form | {"is_new": "on"}).status_code == 302


def test_the_town_is_that_of_the_place_until_somebody_chooses_one(page, world):
    """The device may stand in another town than usual: what was verified near it says in which."""
    other, third = Town.objects.exclude(pk=world.town.pk).order_by("code")[:2]
    at = {"coord_sys": "wgs84", "geo_source": "map_click", "lon": HERE.lon}
    registered(world, "2025-05-06T08:00", town=other, place=Place(lat=HERE.lat + 0.01, **at))
    registered(world, "2025-05-06T09:00", town=world.town, place=Place(lat=HERE.lat + 0.03, **at))
    reported(world, "2025-05-06T10:00", town=third, place=Place(lat=HERE.lat + 0.001, **at))
    Beat.objects.create(town=other, unit=unit("城区二中队", parent=world.brigade), starts_on=LONG_AGO)
    given = typed(world, page, town_guess=world.town.pk)
    form = page.get(NEW).context["form"]
    assert form["town_guess"].value() == form["town"].value() == third.pk, "where he was last"
    live = page.post(NEAR, given, headers={"HX-Request": "true"}).content.decode()
    assert "上报给城区二中队" in live
    assert f'<option value="{other.pk}" selected>' in live and f'name="town_guess" value="{other.pk}"' in live
    assert re.search(r'<select name="town"[^>]*hx-swap-oob="true"', live)
    by_hand = page.post(NEAR, given | {"town": third.pk})
    assert by_hand.context["form"]["town"].value() == str(third.pk)
    assert f'name="town_guess" value="{world.town.pk}"' in by_hand.content.decode()
    far = page.post(NEAR, given | {"lat": HERE.lat - 0.03})
    assert far.context["form"]["town"].value() == str(world.town.pk), "nothing is known there"


def test_nothing_near_says_nothing_and_half_a_form_breaks_nothing(page, world):
    for form in ({}, typed(world, page), {"lat": "x", "category": "y"}, {"town": "9" * 50}):
        answer = page.post(NEAR, form, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert "相近隐患" not in answer.content.decode()
    assert Hazard.objects.count() == 0


def test_a_hazard_near_that_one_may_not_open_is_named_only_by_its_number(client, world):
    known = reported(world, f"{timezone.localtime():%Y-%m-%dT%H:%M}")
    other = person(Role.OFFICER, at=unit("二中队", parent=world.brigade))
    client.force_login(other)
    text = client.post(NEAR, typed(world, client), headers={"HX-Request": "true"}).content.decode()
    assert known.number in text and known.get_absolute_url() not in text


def test_photos_are_kept_at_once_and_can_be_taken_off_again(page, world):
    first = uploaded(page)
    answer = page.post(PHOTOS, {"photos": first, "photo_files": picture("二.jpg")})
    text = answer.content.decode()
    second = str(File.objects.order_by("-at", "-pk").first().pk)
    assert f'value="{first} {second}"' in text
    left = page.post(PHOTOS, {"photos": f"{first} {second}", "drop": first}).content.decode()
    assert f'value="{second}"' in left
    shown = page.get(f"/enforcement/hazards/photos/{first}/")
    assert shown["Content-Type"] == "image/jpeg" and shown.getvalue()


@pytest.mark.parametrize("content", [b"", b"MZ\x90 no picture", b"<html></html>"])
def test_what_is_no_picture_is_refused_in_a_sentence_and_the_others_stay(page, world, content):
    first = uploaded(page)
    upload = SimpleUploadedFile("坏.jpg", content, "image/jpeg")
    text = page.post(PHOTOS, {"photos": first, "photo_files": upload}).content.decode()
    assert 'class="wrong"' in text and "坏.jpg" in text
    assert f'value="{first}"' in text


def test_a_page_without_scripts_sends_its_photos_along(page, world):
    form = typed(world, page) | {"photos": "", "photo_files": picture()}
    assert page.post(NEW, form).status_code == 302
    assert Hazard.objects.get().photos.count() == 1


def test_a_photo_counts_as_taken_when_it_reached_the_server(page, world):
    form = typed(world, page)
    page.post(NEW, form)
    assert Hazard.objects.get().photos.get().taken_at == File.objects.get(pk=form["photos"]).at


def test_reporting_is_for_police_and_clerks(client, world):
    for who in (world.officer, world.auxiliary, world.clerk, world.captain, world.deputy):
        client.force_login(who)
        assert client.get(NEW).status_code == 200
    for who in (world.inspector, world.liaison, world.office):
        client.force_login(who)
        assert client.get(NEW).status_code == 403
        assert client.post(NEAR, {}).status_code == 403
    client.force_login(person())
    assert client.post(PHOTOS, {}).status_code == 403


def test_the_ledger_leads_to_the_report(page, world):
    assert NEW in page.get("/enforcement/hazards/?all=1").content.decode()
