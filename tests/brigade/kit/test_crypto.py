"""Sealed values can be read only with the right key and in the right cell."""

import pytest
from django.core import checks
from hypothesis import given
from hypothesis import strategies as st

from brigade.kit import crypto

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
CELL = crypto.cell("requests_request", "applicant_id_no", 7)


def test_sm3_gives_the_published_digests():
    """GB/T 32905, examples 1 and 2."""
    assert crypto.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert crypto.sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_hmac_sm3_follows_its_definition():
    key, data = b"k" * 20, "鲁P12345".encode()
    inner = crypto.sm3(bytes(byte ^ 0x36 for byte in key.ljust(64, b"\0")) + data)
    assert crypto.hmac_sm3(key, data) == crypto.sm3(bytes(byte ^ 0x5C for byte in key.ljust(64, b"\0")) + inner)


def test_this_installation_passes_its_self_test():
    assert crypto.self_test() == []


@pytest.mark.parametrize("vector", ["SM3_ABC", "SM4_BLOCK"])
def test_a_cipher_that_gives_another_result_stops_the_start(monkeypatch, vector):
    monkeypatch.setattr(crypto, vector, "00")
    assert "kit.E001" in [message.id for message in checks.run_checks(tags=[checks.Tags.security])]


def test_an_sm4_gcm_that_gives_another_result_stops_the_start(monkeypatch):
    monkeypatch.setattr(crypto, "SM4_GCM", (*crypto.SM4_GCM[:3], "00", crypto.SM4_GCM[4]))
    with pytest.raises(AssertionError):
        assert crypto.self_test() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FIELD_KEYS", {"1": "abc"}),
        ("FIELD_KEYS", {"1": "zz" * 16}),
        ("FIELD_KEYS", {"a|b": "00" * 16}),
        ("FIELD_KEY_CURRENT", "missing"),
        ("BLIND_INDEX_KEY", "00"),
        ("BLIND_INDEX_KEY", None),
    ],
)
def test_a_wrong_key_stops_the_start_with_its_name(settings, name, value):
    setattr(settings, name, value)
    assert any(name in problem for problem in crypto.self_test())


@given(TEXT)
def test_a_sealed_value_is_read_again_in_its_cell(plain):
    token = crypto.seal(plain, aad=CELL)
    assert crypto.unseal(token, aad=CELL) == plain
    assert token.startswith("v1|")


def test_the_same_value_is_sealed_differently_each_time():
    assert crypto.seal("371502199001011234", aad=CELL) != crypto.seal("371502199001011234", aad=CELL)


@pytest.mark.parametrize(
    "other",
    [
        crypto.cell("requests_request", "applicant_id_no", 8),
        crypto.cell("requests_request", "agent_id_no", 7),
        crypto.cell("branches_member", "applicant_id_no", 7),
    ],
)
def test_a_value_moved_to_another_cell_cannot_be_read(other):
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(crypto.seal("371502199001011234", aad=CELL), aad=other)


@given(st.data())
def test_a_value_with_any_sign_altered_cannot_be_read(data):
    token = crypto.seal("371502199001011", aad=CELL)  # 12 and 31 bytes: only the last sign has bits that carry nothing
    place = data.draw(st.integers(0, len(token) - 2))
    sign = data.draw(st.sampled_from("A1-_|z"))
    other = "B" if sign == token[place] else sign
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(token[:place] + other + token[place + 1 :], aad=CELL)


@pytest.mark.parametrize("token", ["x", "v2|1|a|b", "v1|1|AAAA|", "v1|1|!!|!!", "v1|missing|AAAA|AAAA"])
def test_what_is_no_sealed_value_cannot_be_read(token):
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(token, aad=CELL)


def test_values_sealed_with_an_older_key_stay_readable(settings):
    token = crypto.seal("鲁P12345", aad=CELL)
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, "next": "5a" * 16}
    settings.FIELD_KEY_CURRENT = "next"
    assert crypto.unseal(token, aad=CELL) == "鲁P12345"
    assert crypto.seal("鲁P12345", aad=CELL).startswith("v1|next|")


def test_an_empty_value_stays_empty():
    assert crypto.seal("", aad=CELL) == crypto.unseal("", aad=CELL) == crypto.blind_index(" ", purpose="plate") == ""


def test_a_plate_is_found_however_it_was_typed():
    typed = ["鲁P12345", "鲁p·12345", " 鲁P 12345 ", "鲁Ｐ１２３４５", "鲁P-12345"]
    assert len({crypto.blind_index(value, purpose="plate") for value in typed}) == 1


def test_two_purposes_cannot_be_linked():
    phone = crypto.blind_index("13800001234", purpose="owner_phone")
    assert phone != crypto.blind_index("13800001234", purpose="agent_phone")
    assert len(phone) == 32


def test_the_tail_shows_four_signs_of_a_long_value_and_none_of_a_short_one():
    assert crypto.tail("371502199001011234") == "1234"
    assert crypto.tail("138 0000 5678") == "5678"
    assert crypto.tail("12345") == ""
