"""Nothing that must not leave gets through, and what helps does."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.bundle.redaction import PAYLOAD_FIELDS, SECRET, Redactor, forms_of
from tests.trust.wallets import PHONE, bearer, chain_text

SEED = bytes(range(7, 39))
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\nIabc+/==\n-----END EC PRIVATE KEY-----"


@pytest.mark.parametrize("form", sorted(forms_of(SEED)))
def test_a_known_secret_goes_in_every_form(form: str) -> None:
    """Hex, base64, for URLs or not."""
    redactor = Redactor(forms_of(SEED))
    assert redactor.text(f"key={form}; rest") in {f"key={SECRET}; rest", f"key={SECRET}=; rest"}
    assert redactor.removed["known secret"] >= 1
    assert redactor.holds_secret(f"x{form}".encode())


def test_a_longer_secret_goes_before_the_shorter_one_in_it() -> None:
    """Of a path to a key nothing is left, though its directory is a secret too."""
    assert Redactor(["/run/cred", "/run/cred/node-key"]).text("open /run/cred/node-key") == f"open {SECRET}"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("sec-websocket-protocol bearer.abcdefgh12345678", "abcdefgh12345678"),
        ("GET /x?token=s3cr3t-value&y=1", "s3cr3t-value"),
        ('{"password": "hunter2hunter2"}', "hunter2hunter2"),
        ("Cookie: session=0123456789", "0123456789"),
        ("https://user:hunter22@host/x", "hunter22"),
        (PEM, "MHcCAQEE"),
        (PEM[:40], "MHc"),
        ("seed " + SEED.hex(), SEED.hex()),
        ("there is nothing at /nothing/AcRrtySzaJy8iI6qza0nq_J3JWArxGplVm1nKoCJtaRrtCBL-x", "AcRrtySzaJy8iI6qza0nq"),
        ("sig " + base64.b64encode(hashlib.blake2b(b"x").digest()).decode(), "=="),
    ],
)
def test_what_looks_like_a_secret_goes(text: str, gone: str) -> None:
    """Even if nobody ever heard of it."""
    redactor = Redactor([])
    assert gone not in redactor.text(text)
    assert sum(redactor.removed.values()) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "edge_node_subscription_delivered_bytes_total 17",
        "baebb4ibktm5f3vsaeqxl2e4bljdl5rgbnc6wmpr3ju5kjmx6kk2ij6kzxq",
        "/var/lib/edge-node/Some-Very-Long-Directory-Name-Of-2026/seg/ev/00000001.seg",
        "5f0c11d2e3a4b5c6",
        "stretch.damaged ev/00000001 offset 1048576 length 4096",
        "2026-01-01T00:00:00.000Z",
    ],
)
def test_what_helps_stays(text: str) -> None:
    """Names of metrics, CIDs, paths, short ids, places in the log."""
    redactor = Redactor([])
    assert redactor.text(text) == text
    assert not redactor.removed


def test_a_public_key_stays_when_it_is_known_to_be_one() -> None:
    """A stranger's is shortened: two of them can still be told apart."""
    key, other = SEED.hex(), SEED[::-1].hex()
    assert Redactor([], {key}).text(f"{key} {other}") == f"{key} {other[:8]}…"


@pytest.mark.parametrize("name", sorted(PAYLOAD_FIELDS))
def test_payload_goes_at_any_depth(name: str) -> None:
    """Whatever it is."""
    found = Redactor([]).value({"a": [{"b": {name: {"canary": 1}}}]})
    assert found == {"a": [{"b": {name: "<payload>"}}]}


def test_a_traceback_keeps_places_and_kinds() -> None:
    """Its messages and lines of source may carry anything."""
    traceback = (
        'Traceback (most recent call last):\n  File "/x/y.py", line 7, in f\n    open(canary)\n'
        "  + Exception Group\nValueError: canary is wrong\nedge_node.journal.errors.DiskFull: canary\ncanary again"
    )
    found = Redactor([]).value({"exception": traceback})["exception"]
    assert "canary" not in found
    assert 'File "/x/y.py", line 7' in found
    assert "ValueError" in found
    assert "DiskFull" in found


def test_settings_that_are_secret_are_counted() -> None:
    """They come as `<set>` already."""
    redactor = Redactor([])
    assert redactor.value([{"value": SECRET}, {"value": "<unset>"}, {"n": 7, "x": None, "y": True}]) == [
        {"value": SECRET}, {"value": "<unset>"}, {"n": 7, "x": None, "y": True},
    ]  # fmt: skip
    assert redactor.removed == {"secret setting": 1}


@given(st.text(), st.binary(min_size=32, max_size=32), st.text())
def test_no_text_around_it_saves_a_seed(before: str, seed: bytes, after: str) -> None:
    """Whatever stands next to it."""
    redactor = Redactor(forms_of(seed))
    assert seed.hex() not in redactor.text(f"{before}{seed.hex()}{after}")


@pytest.mark.parametrize("token", [bearer(), bearer(PHONE), chain_text(3)], ids=["ed25519", "sr25519", "chain"])
@pytest.mark.parametrize(
    "line",
    [
        "GET /7/baebb4i/index.html?token={}&source=developer-console 404", "token: {}", '{{"token": "{}"}}',
        "metadata token={} correlation-id=5", "the token {} is refused", "/nothing/{}/x", "'{}'", "({})", "[{}] again",
        "error:{}", "…[900 characters left out]…{}",
    ],
)  # fmt: skip
def test_no_ddc_token_leaves(line: str, token: str) -> None:
    """A month's key to all that its owner has, wherever a client or a proxy put it."""
    told = Redactor([]).text(line.format(token))
    for at in range(16, len(token) - 16, 8):
        assert token[at : at + 16] not in told, told


def test_a_long_line_of_short_words_is_read_once() -> None:
    """A stranger's words stand in the log: a megabyte of them with commas between is no work for minutes."""
    redactor = Redactor([])
    assert redactor.text(",a" * 500_000) == ",a" * 500_000
