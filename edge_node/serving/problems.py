"""Refusals as problem documents, and the registry of all of them (RFC 9457)."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from edge_node.base.errors import Refusal
from edge_node.base.ids import FixedBytes
from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.base.refusals import NOBODY, REFUSAL_RING, Asker, title_of
from edge_node.serving.response import Response
from edge_node.wire.websocket_handshake import VERSION, UpgradeRequired

PROBLEM_TYPE = "application/problem+json"
_RESERVED = frozenset({"type", "title", "status", "detail", "remedy", "instance"})


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One row of the registry: what a slug means."""

    slug: str
    status: int
    remedy: str
    error: type[Refusal]


def note_refusal(error: Refusal, asker: Asker = NOBODY) -> None:
    """Count a refusal in `base.counters.REFUSALS` and keep it in `base.refusals.REFUSAL_RING`."""
    REFUSAL_RING.note(error.slug, error.status, str(error), error.remedy, asker)


def problem_response(error: Refusal, instance: str | None = None, asker: Asker = NOBODY) -> Response:
    """The problem document of a refusal, which is noted."""
    note_refusal(error, asker)
    headers = [("content-type", PROBLEM_TYPE), ("cache-control", "no-store"), *_extra_headers(error)]
    return Response(error.status, tuple(headers), msgspec.json.encode(problem_document(error, instance), enc_hook=str))


def problem_document(error: Refusal, instance: str | None = None) -> dict[str, object]:
    """The members of a problem: the standard ones, `remedy`, and the error's own data where JSON can say it."""
    document: dict[str, object] = {
        "type": f"urn:edge-node:problem:{error.slug}",
        "title": title_of(error.slug),
        "status": error.status,
        "detail": str(error),
        "remedy": error.remedy,
    }
    if instance is not None:
        document["instance"] = instance
    for name, value in vars(error).items():
        if not name.startswith("_") and name not in _RESERVED and _speakable(value):
            document[name] = str(value) if isinstance(value, FixedBytes) or _is_large(value) else value
    return document


def _is_large(value: object) -> bool:
    """Integers that a JSON reader may round are decimal strings (ARCHITECTURE section 5)."""
    return isinstance(value, int) and abs(value) >= NUMBER_EXACT_IN_JSON


def internal_problem(asker: Asker = NOBODY) -> Response:
    """The answer when our own code broke, noted like a refusal: nothing about the cause leaves the machine."""
    detail = "the node could not finish this request; its log says why"
    remedy = "Try again; if it stays, tell the operator."
    REFUSAL_RING.note("internal", 500, detail, remedy, asker)
    body = {
        "type": "urn:edge-node:problem:internal",
        "title": title_of("internal"),
        "status": 500,
        "detail": detail,
        "remedy": remedy,
    }
    return Response(500, (("content-type", PROBLEM_TYPE), ("cache-control", "no-store")), msgspec.json.encode(body))


def problem_registry() -> dict[str, list[ProblemKind]]:
    """Every slug of the loaded refusals with the classes that carry it, for the documentation and its test."""
    registry: dict[str, list[ProblemKind]] = {}
    for error in sorted(_descendants(Refusal), key=lambda found: (found.slug, found.__name__)):
        registry.setdefault(error.slug, []).append(ProblemKind(error.slug, error.status, error.remedy, error))
    return registry


def _descendants(root: type[Refusal]) -> Iterator[type[Refusal]]:
    seen: set[type[Refusal]] = set()
    waiting = [root]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child not in seen:
                seen.add(child)
                waiting.append(child)
                yield child


def _extra_headers(error: Refusal) -> Iterator[tuple[str, str]]:
    if error.retry_after_s is not None:
        yield "retry-after", str(error.retry_after_s)
    if isinstance(error, UpgradeRequired):
        yield "sec-websocket-version", VERSION  # RFC 6455 section 4.4
    if error.status == 401:
        yield "www-authenticate", 'Edge-Request realm="edge-node"'  # RFC 9110 section 15.5.2 demands a challenge
    allow = getattr(error, "allow", None)
    if error.status == 405 and isinstance(allow, tuple):
        yield "allow", ", ".join(allow)


def _speakable(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_speakable(item) for item in value)
    return value is None or isinstance(value, str | int | float | FixedBytes)
