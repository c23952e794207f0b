"""The signed request as a door: the order of its checks, and that a nonce is spent last."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from blake3 import blake3

from edge_node.base.clock import ForwardClock
from edge_node.base.ids import Digest, Nonce, PublicKey, VaultId
from edge_node.gateway.errors import (
    NonceReused,
    RequestExpired,
    RequestForged,
    SignatureMissing,
    SignedBeforeStart,
    WrongNode,
)
from edge_node.gateway.horizon_log import HorizonLog
from edge_node.gateway.requests import EMPTY_BODY, RequestDoor
from edge_node.journal import Database, Journal
from edge_node.serving import Request
from edge_node.settings import TrustSettings
from edge_node.trust.access import AccessDenied, Resource, Verb, stream_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.access_errors import UnknownKey
from edge_node.trust.bearer import Bearer, BearerExpired, BearerMint
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.devices import DeviceTable
from edge_node.trust.horizon_rows import load_horizons
from edge_node.trust.horizons import RESTART_MS, STEP_MS
from edge_node.trust.signature_fields import MalformedSignatureHeader
from edge_node.trust.signed_request import sign_request
from edge_node.wire.http1_head import HeadLimits, parse_head
from tests.store.rig import NOW_MS, FixedClock, Rows, key_of, opened

NODE = key_of("node").public
VAULT = VaultId(NODE)
SCOPE = stream_resource(VAULT)


class NoBody:
    def take_whole_body(self) -> bytes | None:
        return b""

    async def next_chunk(self) -> bytes:
        return b""


class HandClock(FixedClock):
    """A clock set by hand, both ways."""

    wall_ms = NOW_MS - RESTART_MS
    elapsed_s = -RESTART_MS / 1_000

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_s(self) -> float:
        return self.elapsed_s


class Door:
    """A door before an access control that knows `ann`, a reader; made so that NOW_MS is the moment of the start."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        table, self.audit = DeviceTable(), Rows()
        reader = frozenset({Role.READER})
        table.apply(Enrolment(key=key_of("ann").public, name="ann", roles=reader, vault=VAULT, t_ms=NOW_MS))
        access = AccessControl(table, NODE, self.audit)
        self.clock = HandClock()
        horizons = HorizonLog(journal, self.clock, 300_000, {})
        self.clock.wall_ms, self.clock.elapsed_s = NOW_MS, 0.0
        self.mint, self.forward = BearerMint(bytes(32)), ForwardClock(self.clock)
        self.door = RequestDoor(access, NODE, self.clock, TrustSettings(), horizons, self.mint, self.forward)

    async def ask(
        self, verb: Verb = Verb.LIST, *, header: str | None = None, method: str = "GET", who: str = "ann", **changed
    ):
        said = {
            "to": NODE, "method": "GET", "target": "/x?a=1", "t_ms": NOW_MS, "nonce": Nonce(bytes(16)),
            "body_digest": Digest(EMPTY_BODY),
        }  # fmt: skip
        text = sign_request(key_of(who), **(said | changed)) if header is None else header
        lines = f"Edge-Request: {text}\r\n" if text else ""
        raw = f"{method} /x?a=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()
        return await self.door.authorise(Request(parse_head(raw, HeadLimits()), NoBody(), "192.0.2.1"), SCOPE, verb)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncGenerator[Door, None]:
    async with opened(tmp_path / "data") as store:
        yield Door(store.journal)


async def test_a_good_proof_becomes_an_access(door: Door) -> None:
    """It holds for what was asked; the verdict is audited with its source."""
    access = await door.ask()
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
async def test_each_step_refuses_by_its_own_name(door: Door, changed: dict, error: type[Exception]) -> None:
    """And spends no nonce: the same nonce in a good proof still passes."""
    with pytest.raises(error):
        await door.ask(**changed)
    await door.ask()


async def test_the_window_s_borders_are_inside(door: Door) -> None:
    """Exactly five minutes pass, before and after."""
    door.clock.elapsed_s = 310.0
    for number, t_ms in enumerate((NOW_MS - 300_000, NOW_MS + 300_000)):
        await door.ask(t_ms=t_ms, nonce=Nonce(bytes([number]) * 16))


async def test_a_nonce_counts_once_per_key(door: Door) -> None:
    """The second use is refused although all else holds."""
    await door.ask()
    with pytest.raises(NonceReused):
        await door.ask()
    await door.ask(nonce=Nonce(b"n" * 16))


async def test_a_request_from_before_the_start_may_be_a_second_use(door: Door) -> None:
    """The nonces of the process before are gone with it: what was signed until the start is refused for a window."""
    with pytest.raises(SignedBeforeStart) as refusal:
        await door.ask(t_ms=NOW_MS - 2_500)
    assert (refusal.value.status, refusal.value.retry_after_s) == (503, 3)
    assert await door.ask(t_ms=NOW_MS) is not None
    door.clock.elapsed_s = 310.0
    assert await door.ask(t_ms=NOW_MS - 2_500, nonce=Nonce(b"\1" * 16)) is not None


async def test_a_request_signed_ahead_is_acted_on_once_its_horizon_is_durable(door: Door) -> None:
    """One that is refused before that reserves nothing."""
    with pytest.raises(RequestForged):
        await door.ask(t_ms=NOW_MS + 2_000, target="/x?a=2")
    assert await door.journal.query(load_horizons, database=Database.META) == {}
    await door.ask(t_ms=NOW_MS + 2_000)
    assert await door.journal.query(load_horizons, database=Database.META) == {
        key_of("ann").public: NOW_MS + 2_000 + STEP_MS
    }


async def test_a_clock_set_back_lengthens_no_bearer(door: Door) -> None:
    """It ends by the time that passes, whatever the wall clock does."""
    token = door.mint.mint(Bearer(key_of("ann").public, door.forward.now_ms() + 60_000, Resource("")))
    raw = f"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    request = Request(parse_head(raw, HeadLimits()), NoBody(), "192.0.2.1")
    door.clock.wall_ms -= 86_400_000
    door.clock.elapsed_s += 59
    assert (await door.door.authorise(request, SCOPE, Verb.LIST)).holder == key_of("ann").public
    door.clock.elapsed_s += 2
    with pytest.raises(BearerExpired):
        await door.door.authorise(request, SCOPE, Verb.LIST)
