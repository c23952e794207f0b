"""The signed request as a door: the order of its checks, and that a nonce is spent last."""

import pytest
from blake3 import blake3

from edge_node.base.ids import Digest, Nonce, PublicKey, VaultId
from edge_node.gateway.errors import (
    NonceReused,
    RequestExpired,
    RequestForged,
    SignatureMissing,
    SignedBeforeStart,
    WrongNode,
)
from edge_node.gateway.requests import EMPTY_BODY, RequestDoor
from edge_node.serving import Request
from edge_node.settings import TrustSettings
from edge_node.trust.access import AccessDenied, Verb, stream_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.access_errors import UnknownKey
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.devices import DeviceTable
from edge_node.trust.signature_fields import MalformedSignatureHeader
from edge_node.trust.signed_request import sign_request
from edge_node.wire.http1_head import HeadLimits, parse_head
from tests.store.rig import NOW_MS, FixedClock, Rows, key_of

NODE = key_of("node").public
VAULT = VaultId(NODE)
SCOPE = stream_resource(VAULT)


class NoBody:
    def take_whole_body(self) -> bytes | None:
        return b""

    async def next_chunk(self) -> bytes:
        return b""


class HandClock(FixedClock):
    """A clock whose elapsed time is set by hand."""

    elapsed_s = 0.0

    def monotonic_s(self) -> float:
        return self.elapsed_s


class Door:
    """A door before an access control that knows `ann`, a reader."""

    def __init__(self) -> None:
        table, self.audit = DeviceTable(), Rows()
        reader = frozenset({Role.READER})
        table.apply(Enrolment(key=key_of("ann").public, name="ann", roles=reader, vault=VAULT, t_ms=NOW_MS))
        access = AccessControl(table, NODE, self.audit)
        self.clock = HandClock()
        self.door = RequestDoor(access, NODE, self.clock, TrustSettings())

    def ask(
        self, verb: Verb = Verb.LIST, *, header: str | None = None, method: str = "GET", who: str = "ann", **changed
    ):
        said = {
            "to": NODE, "method": "GET", "target": "/x?a=1", "t_ms": NOW_MS, "nonce": Nonce(bytes(16)),
            "body_digest": Digest(EMPTY_BODY),
        }  # fmt: skip
        text = sign_request(key_of(who), **(said | changed)) if header is None else header
        lines = f"Edge-Request: {text}\r\n" if text else ""
        raw = f"{method} /x?a=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()
        return self.door.authorise(Request(parse_head(raw, HeadLimits()), NoBody(), "192.0.2.1"), SCOPE, verb)


def test_a_good_proof_becomes_an_access() -> None:
    """It holds for what was asked; the verdict is audited with its source."""
    door = Door()
    access = door.ask()
    assert access.covers(SCOPE, Verb.LIST)
    assert [(row.holder, row.source, row.reason) for row in door.audit.rows] == [
        (key_of("ann").public, "http 192.0.2.1", "")
    ]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"header": ""}, SignatureMissing),
        ({"header": "junk"}, MalformedSignatureHeader),
        ({"to": PublicKey(bytes(32))}, WrongNode),
        ({"t_ms": NOW_MS - 300_001}, RequestExpired),
        ({"t_ms": NOW_MS + 300_001}, RequestExpired),
        ({"who": "stranger"}, UnknownKey),
        ({"method": "HEAD"}, RequestForged),
        ({"target": "/x?a=2"}, RequestForged),
        ({"body_digest": Digest(blake3(b"x").digest())}, RequestForged),
        ({"verb": Verb.ADMIN}, AccessDenied),
    ],
)
def test_each_step_refuses_by_its_own_name(changed: dict, error: type[Exception]) -> None:
    """And spends no nonce: the same nonce in a good proof still passes."""
    door = Door()
    with pytest.raises(error):
        door.ask(**changed)
    door.ask()


def test_the_window_s_borders_are_inside() -> None:
    """Exactly five minutes pass, before and after."""
    for t_ms in (NOW_MS - 300_000, NOW_MS + 300_000):
        door = Door()
        door.clock.elapsed_s = 300.0
        door.ask(t_ms=t_ms)


def test_a_nonce_counts_once_per_key() -> None:
    """The second use is refused although all else holds."""
    door = Door()
    door.ask()
    with pytest.raises(NonceReused):
        door.ask()
    door.ask(nonce=Nonce(b"n" * 16))


def test_a_request_from_before_the_start_may_be_a_second_use() -> None:
    """The nonces of the process before are gone with it: what was signed until the start is refused for a window."""
    door = Door()
    with pytest.raises(SignedBeforeStart) as refusal:
        door.ask(t_ms=NOW_MS - 2_500)
    assert (refusal.value.status, refusal.value.retry_after_s) == (503, 3)
    assert door.ask(t_ms=NOW_MS) is not None
    door.clock.elapsed_s = 300.0
    assert door.ask(t_ms=NOW_MS - 2_500, nonce=Nonce(b"\1" * 16)) is not None
