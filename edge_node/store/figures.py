"""What the store has done since the start, as plain numbers: counted on the loop, read by whoever shows them."""

from dataclasses import dataclass


@dataclass(slots=True)
class PieceFigures:
    """Uploads that were acknowledged, those that brought nothing new among them, bytes in and out, files joined."""

    puts: int = 0
    duplicates: int = 0
    put_bytes: int = 0
    read_bytes: int = 0
    files: int = 0
