"""What a route says of itself: one declaration beside it, from which it is mounted and described."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from edge_node.serving import Router
from edge_node.serving.router import Handler

Schema = Mapping[str, Any]  # JSON Schema 2020-12, as OpenAPI 3.1 takes it

JSON_TYPE = "application/json"
ANY_TYPE = "application/octet-stream"

# What any request may be refused with, whichever route it wants: by its head, by its connection, or by our own fault.
EVERYWHERE = (
    "malformed-request", "method-not-allowed", "no-such-path", "header-timeout", "target-too-long", "expectation",
    "host-not-served", "origin-refused", "headers-too-large", "method-not-implemented", "http-version", "overloaded",
    "internal",
)  # fmt: skip
# What reading a body may be refused with.
WITH_BODY = ("body-truncated", "body-timeout", "body-too-large", "content-encoding")
# What a signed request may be refused with (docs/specs/signed-request.md), by whom it names or by what they may.
SIGNED_REQUEST = (
    "signature-missing", "malformed-signature-header", "bad-signature", "unknown-key", "wrong-node", "request-expired",
    "nonce-reused", "signed-before-start", "device-suspended", "device-revoked", "access-denied", "not-writable",
    "disk-full", "journal-queue-full", "round-refused",
)  # fmt: skip


# What a bearer may be refused with (docs/specs/subscriptions.md).
BEARER = ("bearer-invalid", "bearer-expired", "bearer-too-narrow", "bearer-in-url")
# What a DDC token, or the signed request beside it, may be refused with (docs/specs/ddc-access.md).
TOKEN = (
    "no-bucket", "token-missing", "token-too-long", "token-too-deep", "token-unreadable", "token-forged",
    "token-ended", "token-revoked", "token-in-url", "delegation-refused", "malformed-base58", "malformed-protobuf",
    "activity-malformed", "activity-forged", "request-missing", "request-foreign", "request-mismatch",
    "request-replayed", "request-expired", "signed-before-start", "access-denied", "device-revoked", "not-writable",
    "disk-full", "journal-queue-full", "round-refused",
)  # fmt: skip


class Auth(enum.Enum):
    """What a route wants of who asks."""

    NOTHING = enum.auto()
    EVENT = enum.auto()  # a signed event
    REQUEST = enum.auto()  # a signed request
    BEARER = enum.auto()  # a signed request, or a bearer made from one
    TOKEN = enum.auto()  # a DDC token; none where a public bucket is read


_REFUSALS_OF = {
    Auth.NOTHING: (),
    Auth.EVENT: (),
    Auth.REQUEST: SIGNED_REQUEST,
    Auth.BEARER: (*SIGNED_REQUEST, *BEARER),
    Auth.TOKEN: TOKEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One named value of a request."""

    name: str
    where: Literal["path", "query", "header"]
    about: str
    schema: Schema
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request carries; the schema of each media type it may have."""

    about: str
    types: Mapping[str, Schema]
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One way in which a request succeeds; no media type: no body."""

    about: str
    type: str = JSON_TYPE
    schema: Schema = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # name to meaning
    or_else: Mapping[str, Schema] = field(default_factory=dict)  # further media types, for who asks for one


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `refusals` are the slugs of its own, beside those of its `auth` and EVERYWHERE."""

    method: str
    path: str
    id: str
    about: str
    answers: Mapping[int, Answer]
    auth: Auth = Auth.REQUEST
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    refusals: tuple[str, ...] = ()

    def mount(self, router: Router, handler: Handler) -> None:
        """Route it."""
        router.add(self.method, self.path, handler)

    @property
    def slugs(self) -> tuple[str, ...]:
        """Every problem it may answer with."""
        of_auth = _REFUSALS_OF[self.auth]
        of_body = WITH_BODY if self.body is not None else ()
        return tuple(dict.fromkeys((*self.refusals, *of_auth, *of_body, *EVERYWHERE)))


def path_value(name: str, about: str, schema: Schema) -> Parameter:
    """A part of the path."""
    return Parameter(name=name, where="path", about=about, schema=schema, required=True)


def query_value(name: str, about: str, schema: Schema) -> Parameter:
    """An optional member of the query."""
    return Parameter(name=name, where="query", about=about, schema=schema)


KEY_SCHEMA: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
CID_SCHEMA: Schema = {"type": "string", "pattern": "^b[a-z2-7]+$", "maxLength": 64}
STREAM_SCHEMA: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9._/-]{0,126}$"}
COUNT_SCHEMA: Schema = {"type": "integer", "minimum": 0}
# Integers from 2^53 on are decimal strings.
LARGE_SCHEMA: Schema = {"anyOf": [COUNT_SCHEMA, {"type": "string", "pattern": "^[0-9]{16,20}$"}]}
VAULT = query_value("vault", "Whose vault, by the owner's public key; the node's own when absent.", KEY_SCHEMA)


def object_schema(members: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """A JSON object with these members, all of them always there but the `optional` ones."""
    return {
        "type": "object",
        "properties": dict(members),
        "required": [name for name in members if name not in optional],
        "additionalProperties": False,
    }
