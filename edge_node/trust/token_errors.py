"""Why a DDC token is not taken: one class per reason. No message holds any of a token's text or bytes."""

from edge_node.base.ids import shorten
from edge_node.trust.access_errors import AccessError


class TokenError(AccessError):
    """Root of the refusals of a token that is not what it should be."""

    slug, status = "token-refused", 401
    remedy = "Make a new token with the SDK, signed by the bucket's owner or by the account it was granted to."


class TokenMissing(TokenError):
    """The call carries no token and is for something that wants one."""

    slug = "token-missing"
    remedy = "Send the metadata key `token` (over HTTP: `?token=`) with a token of the bucket's owner."

    def __init__(self) -> None:
        super().__init__("the call carries no token")


class TokenTooLong(TokenError):
    """The text is longer than any token may be; it was not decoded."""

    slug = "token-too-long"

    def __init__(self, characters: int, characters_max: int) -> None:
        self.characters = characters
        super().__init__(f"a token of {characters} characters, at most {characters_max} are read")


class TokenTooDeep(TokenError):
    """More tokens in each other than this way in allows."""

    slug = "token-too-deep"
    remedy = "Have the owner grant access directly: a chain has at most 3 tokens (5 from a browser wallet)."

    def __init__(self, links_max: int) -> None:
        self.links_max = links_max
        super().__init__(f"a chain of more than {links_max} tokens")


class TokenMalformed(TokenError):
    """The text is no token; `why` says which rule broke."""

    slug = "token-unreadable"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a token: {why}")


class TokenExpired(TokenError):
    """A token of the chain has ended."""

    slug = "token-ended"

    def __init__(self, expires_ms: int, now_ms: int) -> None:
        self.expires_ms = expires_ms
        super().__init__(f"a token ended at {expires_ms} ms, the node's clock shows {now_ms} ms")


class TokenForged(TokenError):
    """A signature of the chain is not its signer's. `link` counts from 1, the root."""

    slug = "token-forged"
    forged = True

    def __init__(self, link: int) -> None:
        self.link = link
        super().__init__(f"token {link} of the chain is not signed by the account it names")


class TokenRevoked(TokenError):
    """The node was told to refuse it: `by` is "token", "holder" or "issuer"."""

    slug = "token-revoked"
    remedy = "Ask the bucket's owner for a new token, or the node's operator why it was revoked."

    def __init__(self, by: str, subject: bytes, since_ms: int) -> None:
        self.by, self.since_ms = by, since_ms
        super().__init__(f"revoked on this node since {since_ms} ms ({by} {shorten(subject)})")


class DelegationRefused(TokenError):
    """A token of the chain was not the signer's to give; `why` says how."""

    slug, status = "delegation-refused", 403
    remedy = "Have the owner grant it to the account that passes it on, with leave to delegate."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the chain of tokens does not hold: {why}")
