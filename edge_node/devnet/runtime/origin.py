"""Who calls: a signed account, the chain's own root, or nobody, as what a block's author writes in it."""

from dataclasses import dataclass

from edge_node.devnet.runtime.refusals import BAD_ORIGIN, CallRefused


@dataclass(frozen=True, slots=True)
class Origin:
    """`account` is 32 bytes of who signed; None for root and for nobody."""

    account: bytes | None = None
    root: bool = False

    def signer(self) -> bytes:
        """Who signed; CallRefused (BadOrigin) when nobody did."""
        if self.account is None:
            raise CallRefused(BAD_ORIGIN)
        return self.account

    def require_root(self) -> None:
        """CallRefused (BadOrigin) for all but root."""
        if not self.root:
            raise CallRefused(BAD_ORIGIN)

    def require_nobody(self) -> None:
        """CallRefused (BadOrigin) for all but what a block's author writes."""
        if self.root or self.account is not None:
            raise CallRefused(BAD_ORIGIN)


ROOT = Origin(root=True)
NOBODY = Origin()
