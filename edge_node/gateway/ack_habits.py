"""Who acknowledges what it reads: learned reader by reader, so that nobody waits twice for one who never does. Pure.

The acknowledgement of a read's last message comes one way to the reader and back after it, and is heard only before the
trailers. Most reads are one message, so a node that did not wait would hear of none of them; one that always waited
would keep every reader without acknowledgements for a second (docs/specs/ddc.md, Acknowledgements).
"""

from edge_node.base.ids import PublicKey

SILENT_MAX = 16_384  # about 150 bytes each; the longest forgotten is given another chance


class AckHabits:
    """The readers that were waited for in vain."""

    def __init__(self, silent_max: int = SILENT_MAX) -> None:
        self._silent: dict[PublicKey, None] = {}
        self._silent_max = silent_max

    def expects(self, reader: PublicKey | None) -> bool:
        """Whether a last acknowledgement is worth waiting for; None: a read without a signed request."""
        return reader is not None and reader not in self._silent

    def note_silence(self, reader: PublicKey) -> None:
        """It read, and acknowledged nothing."""
        self._silent.pop(reader, None)
        if len(self._silent) >= self._silent_max:
            del self._silent[next(iter(self._silent))]
        self._silent[reader] = None

    def note_ack(self, reader: PublicKey) -> None:
        """It acknowledges, from now on or as before."""
        self._silent.pop(reader, None)
