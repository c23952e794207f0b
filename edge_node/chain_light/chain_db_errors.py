"""Why chain.db takes nothing: facts about the file, each with what to do."""

from edge_node.base.errors import LocalError, Refusal
from edge_node.chain_light.errors import ChainError


class ChainDbRefused(ChainError, Refusal):
    """Root of what is wrong with chain.db; nothing in it was changed."""

    slug, status = "chain-db-refused", 503


class ChainDbNewer(ChainDbRefused):
    """A later release wrote the file."""

    slug = "chain-db-newer"
    remedy = "Run the release that wrote it, or a later one; or move chain.db away and import a checkpoint."

    def __init__(self, name: str, found: int, known: int) -> None:
        self.found, self.known = found, known
        super().__init__(f"{name} has format {found}, this release knows {known}")


class ChainDbUnwritable(ChainDbRefused):
    """The disk takes no write, or another process has the file; what was there before is there still."""

    slug = "chain-db-unwritable"
    remedy = "Make room on the disk, or make it writable. Until then the chain is verified anew after each start."

    def __init__(self, name: str, why: str) -> None:
        self.why = why
        super().__init__(f"{name} cannot be written: {why}")


class ChainDbDamaged(ChainDbRefused):
    """The file cannot be read any more, found while it was in use; the next start sets it aside."""

    slug = "chain-db-damaged"
    remedy = "Look at the disk, and start the node again: it sets the file aside and begins from a checkpoint."

    def __init__(self, name: str, why: str) -> None:
        self.why = why
        super().__init__(f"{name} cannot be read: {why}")


class ChainDbMisuse(ChainError, LocalError):
    """Our own code gave chain.db what belongs to different things."""

    slug = "chain-db-misuse"
