"""Where a value came from: a line of a file, an environment variable, or the default."""

import enum
from dataclasses import dataclass


class Origin(enum.StrEnum):
    """The kinds of source, the later winning over the earlier."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Source:
    """One value's origin; `name` is the file or the variable, `line` counts from 1 and is 0 where there is none."""

    origin: Origin
    name: str = ""
    line: int = 0

    def __str__(self) -> str:
        match self.origin:
            case Origin.FILE:
                return f"{self.name}:{self.line}" if self.line else self.name
            case Origin.ENVIRONMENT:
                return f"environment {self.name}"
        return "default"


DEFAULT = Source(Origin.DEFAULT)
