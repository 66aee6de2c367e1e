"""Sealing of sensitive fields: SM4-GCM at rest, a keyed SM3 blind index for look-up, the tail for lists.

A sealed value is `v1|key id|nonce|ciphertext and tag`, bound by its additional data to table, column and row, so that a
cell copied to another row cannot be read. Keys come from the settings; an older key stays readable by its id.
"""

import base64
import binascii
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings

from brigade.kit.text import normalise_code

NONCE = 12
TAG = 16


class Unreadable(ValueError):
    """A sealed value that was altered, moved from another cell, or sealed with a key that is not here."""


def seal(plain: str, *, aad: str) -> str:
    """The value as it is stored, for the cell that `aad` names (see `cell`); an empty value stays empty."""
    if not plain:
        return ""
    key_id = settings.FIELD_KEY_CURRENT
    nonce = os.urandom(NONCE)
    body = encrypt(_key(key_id), nonce, plain.encode(), f"{key_id}|{aad}".encode())
    return f"v1|{key_id}|{_text(nonce)}|{_text(body)}"


def unseal(token: str, *, aad: str) -> str:
    """The value behind a sealed one; `Unreadable` when it does not belong to the cell that `aad` names."""
    if not token:
        return ""
    try:
        version, key_id, nonce, body = token.split("|")
        if version != "v1":
            raise Unreadable(f"sealed with an unknown format: {version}")
        return decrypt(_key(key_id), _bytes(nonce), _bytes(body), f"{key_id}|{aad}".encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise Unreadable(f"cannot be read as {aad}") from error


def cell(table: str, column: str, row_id: Any) -> str:
    """The additional data of one cell; the row's id must be known before it is sealed."""
    return f"{table}.{column}:{row_id}"


def blind_index(value: str, *, purpose: str) -> str:
    """A keyed fingerprint for exact look-up, however the value was typed; `purpose` keeps two columns unlinkable."""
    normal = normalise_code(value)
    if not normal:
        return ""
    return hmac_sm3(bytes.fromhex(settings.BLIND_INDEX_KEY), f"{purpose}\0{normal}".encode())[:16].hex()


def tail(value: str, n: int = 4) -> str:
    """The last signs, kept beside the sealed value for lists; a value too short to hide anything has none."""
    normal = normalise_code(value)
    return normal[-n:] if len(normal) >= n + 3 else ""


def sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    mac = hmac.HMAC(key, hashes.SM3())
    mac.update(data)
    return mac.finalize()


def encrypt(key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
    """SM4-GCM: ciphertext and tag."""
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    return encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def decrypt(key: bytes, nonce: bytes, body: bytes, aad: bytes) -> bytes:
    """The plain bytes; InvalidTag when key, nonce, body or additional data are not those of the encryption."""
    if len(body) < TAG:
        raise InvalidTag
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, body[-TAG:])).decryptor()
    decryptor.authenticate_additional_data(aad)
    return decryptor.update(body[:-TAG]) + decryptor.finalize()


def self_test() -> list[str]:
    """What is wrong with the ciphers or the keys of this installation; an empty list lets it start."""
    problems = []
    if sm3(b"abc").hex() != SM3_ABC:
        problems.append("SM3 does not give the published digest of GB/T 32905, example 1")
    block = Cipher(algorithms.SM4(bytes.fromhex(SM4_KEY)), modes.ECB()).encryptor()  # noqa: S305  (one block, as the standard prints it)
    if block.update(bytes.fromhex(SM4_KEY)).hex() != SM4_BLOCK:
        problems.append("SM4 does not give the published block of GB/T 32907, example 1")
    key, nonce, aad, plain, body = (bytes.fromhex(part) for part in SM4_GCM)
    if encrypt(key, nonce, plain, aad) != body or decrypt(key, nonce, body, aad) != plain:
        problems.append("SM4-GCM does not give the published result of RFC 8998, A.1")
    return problems + _key_problems()


def _key_problems() -> list[str]:
    problems = []
    for name, key in settings.FIELD_KEYS.items():
        if not _is_hex(key, 16):
            problems.append(f"FIELD_KEYS[{name!r}] is not 32 hex digits")
        if "|" in name:
            problems.append(f"FIELD_KEYS: {name!r} may not hold a bar")
    if settings.FIELD_KEY_CURRENT not in settings.FIELD_KEYS:
        problems.append("FIELD_KEY_CURRENT names no key of FIELD_KEYS")
    if not _is_hex(settings.BLIND_INDEX_KEY, 32):
        problems.append("BLIND_INDEX_KEY is not 64 hex digits")
    return problems


def _is_hex(value: Any, length: int) -> bool:
    try:
        return len(bytes.fromhex(value)) == length
    except (TypeError, ValueError):
        return False


def _key(key_id: str) -> bytes:
    try:
        return bytes.fromhex(settings.FIELD_KEYS[key_id])
    except KeyError:
        raise Unreadable(f"no key {key_id!r} in FIELD_KEYS") from None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


# Published vectors

SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
SM4_KEY = "0123456789abcdeffedcba9876543210"
SM4_BLOCK = "681edf34d206965e86b3e94f536e4246"
SM4_GCM = (
    SM4_KEY,
    "00001234567800000000abcd",
    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    "".join(pair * 8 for pair in ("aa", "bb", "cc", "dd", "ee", "ff", "ee", "aa")),
    (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    ),
)
"""Key, nonce, additional data, plain text, ciphertext with tag."""
