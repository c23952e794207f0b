"""What a trial claims of itself, one sentence at a time."""

import msgspec


class Claim(msgspec.Struct, frozen=True):
    """One sentence about the trial, and whether it was found true."""

    text: str
    holds: bool
