"""The root of every error in the product: a fact with data, what to do about it, and a status hint."""

from typing import ClassVar


class EdgeNodeError(Exception):
    """Root of all errors raised by this product.

    `slug` names the fact for machines (problem type, refusal counter); `remedy` tells a person what to do.
    """

    slug: ClassVar[str] = "internal"
    remedy: ClassVar[str] = ""


class Refusal(EdgeNodeError):
    """Something asked of the node was refused, with nothing changed.

    `status` is a hint in HTTP terms (4xx: the asker's fault, 503: the node's state); doors map the
    hint, never the text. `retry_after_s` is set where waiting can help. `forged` marks what claimed to come from
    somebody it does not come from: a door ends a connection that keeps sending such.
    """

    status: ClassVar[int] = 400
    retry_after_s: ClassVar[int | None] = None
    forged: ClassVar[bool] = False


class LocalError(EdgeNodeError):
    """Our own code used a protocol object wrongly; never a peer's fault."""

    slug = "local-misuse"


class RemoteError(Refusal):
    """The peer broke a protocol; the hint says how its door should answer."""

    slug = "protocol-broken"
