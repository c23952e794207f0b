"""Who asks: the signed request of docs/specs/signed-request.md turned into an Access."""

from blake3 import blake3

from edge_node.base.clock import Clock
from edge_node.base.ids import PublicKey
from edge_node.gateway.errors import (
    NonceReused,
    RequestExpired,
    RequestForged,
    SignatureMissing,
    SignedBeforeStart,
    WrongNode,
)
from edge_node.serving import Request
from edge_node.settings import TrustSettings
from edge_node.trust.access import Access, Resource, Verb
from edge_node.trust.access_control import AccessControl
from edge_node.trust.signed_request import NonceWindow, RequestProof, parse_request_header, verify_request

EMPTY_BODY = blake3(b"").digest()


class RequestDoor:
    """Checks signed requests for every surface but event posts. On the loop: one signature is 50 us."""

    def __init__(self, access: AccessControl, node_key: PublicKey, clock: Clock, settings: TrustSettings) -> None:
        self._access, self._node_key, self._clock = access, node_key, clock
        self._window_ms = settings.request_window_s * 1_000
        self._nonces = NonceWindow(self._window_ms)
        self._began_ms, self._began_s = clock.now_ms(), clock.monotonic_s()

    def read(self, request: Request) -> RequestProof:
        """The proof a request claims; nothing about it holds yet."""
        text = request.headers.get("edge-request")
        if text is None:
            raise SignatureMissing("Edge-Request", "docs/specs/signed-request.md")
        return parse_request_header(text)

    def authorise(self, request: Request, resource: Resource, verb: Verb) -> Access:
        """An Access for a request without a body; every failed step is its own refusal."""
        proof = self.read(request)
        if proof.body != EMPTY_BODY:
            raise RequestForged
        return self.prove(request, proof, resource, verb)

    def prove(self, request: Request, proof: RequestProof, resource: Resource, verb: Verb) -> Access:
        """Cheap checks, then the signature, then the nonce (so that strangers cannot fill it), then the decision."""
        now_ms, source = self._clock.now_ms(), f"http {request.peer}"
        if proof.to != self._node_key:
            raise WrongNode
        if abs(now_ms - proof.t_ms) > self._window_ms:
            raise RequestExpired(abs(now_ms - proof.t_ms), self._window_ms)
        if proof.t_ms < self._began_ms and self._is_young():
            raise SignedBeforeStart(self._began_ms - proof.t_ms)
        self._access.screen(proof.key, resource, verb, now_ms, source)
        if not verify_request(proof, request.method, request.target, self._node_key):
            raise RequestForged
        if not self._nonces.admit(proof.key, proof.nonce, proof.t_ms, now_ms):
            raise NonceReused
        return self._access.decide(proof.key, resource, verb, now_ms, source)

    def _is_young(self) -> bool:
        # Nonces live in memory, so a request of the time before could be a second use. Counted in elapsed time: a
        # clock that was ahead when the node started must not shut everybody out until that hour comes again.
        return self._clock.monotonic_s() - self._began_s < self._window_ms / 1_000
