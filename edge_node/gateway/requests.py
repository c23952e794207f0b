"""Who asks: a signed request (docs/specs/signed-request.md), or a bearer made from one, turned into an Access."""

from dataclasses import dataclass

from blake3 import blake3

from edge_node.base.clock import Clock, ForwardClock
from edge_node.base.ids import PublicKey
from edge_node.gateway.bearer_token import read_token
from edge_node.gateway.errors import (
    NonceReused,
    RequestExpired,
    RequestForged,
    SignatureMissing,
    SignedBeforeStart,
    WrongNode,
)
from edge_node.gateway.horizon_log import HorizonLog
from edge_node.journal import NotWritable
from edge_node.serving import Request
from edge_node.settings import TrustSettings
from edge_node.trust.access import Access, Resource, Verb
from edge_node.trust.access_control import AccessControl
from edge_node.trust.bearer import BearerMint
from edge_node.trust.signed_request import NonceWindow, RequestProof, parse_request_header, verify_request

EMPTY_BODY = blake3(b"").digest()
READING = frozenset({Verb.READ, Verb.LIST, Verb.GET})


@dataclass(frozen=True, slots=True)
class Admitted:
    """An Access, and when what it was asked with ends: a bearer's end by the ForwardClock, None for a signature."""

    access: Access
    not_after_ms: int | None


class RequestDoor:
    """Checks signed requests for every surface but event posts. On the loop: one signature is 50 us."""

    def __init__(
        self,
        access: AccessControl,
        node_key: PublicKey,
        clock: Clock,
        settings: TrustSettings,
        horizons: HorizonLog,
        mint: BearerMint,
        forward: ForwardClock,
    ) -> None:
        """`forward`: the time that bearers end by, the same for all who know them."""
        self._access, self._node_key, self._clock, self._horizons = access, node_key, clock, horizons
        self._bearers, self._forward = mint, forward
        self._window_ms = settings.request_window_s * 1_000
        self._nonces = NonceWindow(self._window_ms)

    def read(self, request: Request) -> RequestProof:
        """The proof a request claims; nothing about it holds yet."""
        text = request.headers.get("edge-request")
        if text is None:
            raise SignatureMissing("Edge-Request", "docs/specs/signed-request.md")
        return parse_request_header(text)

    async def authorise(self, request: Request, resource: Resource, verb: Verb) -> Access:
        """An Access for a request without a body, signed or with a bearer; every failed step is its own refusal."""
        return (await self.admit(request, resource, verb)).access

    async def admit(self, request: Request, resource: Resource, verb: Verb) -> Admitted:
        """As `authorise`, for what outlives the request: with the end of the bearer it was asked with, if it was."""
        token = read_token(request)
        if token is not None and "edge-request" not in request.headers:
            return self._accept(token, resource, verb, f"http {request.peer}")
        proof = self.read(request)
        if proof.body != EMPTY_BODY:
            raise RequestForged
        return Admitted(await self.prove(request, proof, resource, verb), None)

    async def prove(self, request: Request, proof: RequestProof, resource: Resource, verb: Verb) -> Access:
        """Cheap checks, then the signature, then the nonce (so that strangers cannot fill it), then the decision.

        A request signed ahead of the clock waits for its horizon; every other passes without a checkpoint.
        """
        now_ms, source = self._clock.now_ms(), f"http {request.peer}"
        self._check_time(proof, now_ms)
        self._access.screen(proof.key, resource, verb, now_ms, source)
        self._spend(request, proof, now_ms)
        await self._cover(proof, verb, now_ms)
        # Decided after the wait: a key that was revoked meanwhile gets nothing.
        return self._access.decide(proof.key, resource, verb, now_ms, source)

    def confirm(self, request: Request, access: Access) -> None:
        """Raise, with its row, what ended the access of a request that took long: suspended, revoked, unknown."""
        self._access.confirm(access, self._clock.now_ms(), f"http {request.peer}")

    async def identify(self, request: Request, proof: RequestProof) -> PublicKey:
        """The enrolled key that signed, whatever it may do; the steps of `prove`."""
        now_ms, source = self._clock.now_ms(), f"http {request.peer}"
        self._check_time(proof, now_ms)
        self._access.recognise(proof.key, now_ms, "bearer", source, proved=False)
        self._spend(request, proof, now_ms)
        await self._cover(proof, Verb.READ, now_ms)
        self._access.recognise(proof.key, now_ms, "bearer", source)
        return proof.key

    def _accept(self, token: str, resource: Resource, verb: Verb, source: str) -> Admitted:
        bearer = self._bearers.verify(token, self._forward.now_ms())
        bearer.require(resource, verb)
        access = self._access.decide(bearer.key, resource, verb, self._clock.now_ms(), source)
        return Admitted(access, bearer.not_after_ms)

    def _check_time(self, proof: RequestProof, now_ms: int) -> None:
        if proof.to != self._node_key:
            raise WrongNode
        if abs(now_ms - proof.t_ms) > self._window_ms:
            raise RequestExpired(abs(now_ms - proof.t_ms), self._window_ms)
        if wait_ms := self._horizons.wait_ms(proof.key, proof.t_ms):
            raise SignedBeforeStart(wait_ms)

    def _spend(self, request: Request, proof: RequestProof, now_ms: int) -> None:
        if not verify_request(proof, request.method, request.target, self._node_key):
            raise RequestForged
        if not self._nonces.admit(proof.key, proof.nonce, proof.t_ms, now_ms):
            raise NonceReused

    async def _cover(self, proof: RequestProof, verb: Verb, now_ms: int) -> None:
        try:
            await self._horizons.cover(proof.key, proof.t_ms, now_ms)
        except NotWritable:
            # A disk that takes nothing must not stop those who read because their clock is ahead. Read once more
            # after a restart, the same request changes nothing; a write is refused here as it would be below.
            if verb not in READING:
                raise
