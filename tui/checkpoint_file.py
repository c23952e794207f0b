"""A signed checkpoint from a file of this machine, as text for the node to judge."""

from pathlib import Path

from edge_node.base.errors import EdgeNodeError
from edge_node.base.limits import KIB

CHECKPOINT_BYTES_MAX = 60 * KIB  # what the node's door takes in one request is 64 KiB of JSON


class CheckpointUnreadable(EdgeNodeError):
    """There is no checkpoint to be had from this file."""

    slug = "checkpoint-unreadable"
    remedy = "Name the file that was signed: checkpoint.json of the release, or of your own key."

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{why}: {path}")  # the reason first: one line of a terminal ends before a long path does


def read_checkpoint(path: Path) -> str:
    """The file's text, at most 60 KiB; CheckpointUnreadable otherwise. What it says is the node's to check."""
    try:
        with path.expanduser().open("rb") as file:
            raw = file.read(CHECKPOINT_BYTES_MAX + 1)
        text = raw.decode()
    except (OSError, RuntimeError, UnicodeDecodeError, ValueError) as error:
        raise CheckpointUnreadable(path, getattr(error, "strerror", None) or str(error)) from error
    if len(raw) > CHECKPOINT_BYTES_MAX:
        raise CheckpointUnreadable(path, f"it is longer than {CHECKPOINT_BYTES_MAX} bytes")
    if not text.strip():
        raise CheckpointUnreadable(path, "it is empty")
    return text.strip()
