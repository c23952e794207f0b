"""Why a device's offline queue does not take or give a reading."""

from pathlib import Path

from edge_node.base.ids import PublicKey, shorten
from edge_node.client.errors import ClientError


class QueueError(ClientError):
    """Root of the queue's errors."""

    slug = "queue"


class QueueFull(QueueError):
    """The queue holds as many bytes as it may; the reading was not taken and no sequence number was spent."""

    slug = "queue-full"
    remedy = "Let the node be reached, raise queue_bytes_max, or choose WhenFull.DROP_OLDEST."

    def __init__(self, held: int, wanted: int, limit: int) -> None:
        self.held, self.wanted, self.limit = held, wanted, limit
        super().__init__(f"the queue holds {held} of {limit} bytes, no room for {wanted} more")


class QueueInUse(QueueError):
    """Another process has this queue open; two would give the same sequence numbers."""

    slug = "queue-in-use"
    remedy = "Stop the other process, or give this device a queue directory of its own."

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        super().__init__(f"another process holds the queue in {directory}")


class QueueDamaged(QueueError):
    """The queue file could not be read and was renamed, never deleted: `aside` is where it lies now."""

    slug = "queue-damaged"
    remedy = "Start again: an empty queue is made. Keep the renamed file, its readable bodies are still signed."

    def __init__(self, file: Path, aside: Path, why: str) -> None:
        self.file, self.aside, self.why = file, aside, why
        super().__init__(f"{file} is damaged ({why}) and was renamed to {aside.name}")


class QueueForeign(QueueError):
    """The queue belongs to another key, or was written by a newer release; it is left as it is."""

    slug = "queue-foreign"
    remedy = "Give every device key a queue directory of its own, and open it with a release that knows its format."

    def __init__(self, directory: Path, why: str) -> None:
        self.directory = directory
        super().__init__(f"the queue in {directory} {why}")

    @classmethod
    def of_key(cls, directory: Path, owner: bytes, key: PublicKey) -> "QueueForeign":
        """It was made for another key."""
        return cls(directory, f"belongs to key {shorten(owner)}, not to {shorten(key)}")


class QueueStorage(QueueError):
    """The disk under the queue refuses; what was taken before is still there."""

    slug = "queue-storage"
    remedy = "Free space on the disk or mend it; the queue goes on by itself."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the queue's disk says: {why}")
