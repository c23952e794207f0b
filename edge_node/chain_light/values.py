"""Values of a chain in Python's forms, what may be wrong with them, and what reading one may cost."""

from dataclasses import dataclass
from typing import Final

from edge_node.base.errors import Refusal
from edge_node.chain_light.errors import BadAnswer, ChainError

VALUES_MAX: Final = 262_144  # the events of a full block are a fifth of this; as many small values take 25 MB
DEPTH_MAX: Final = 96  # a call in a batch in a proxy in a scheduled call is 40 deep; each level takes 3 frames


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value of an enum: which variant, and what it holds: nothing (None), a lone nameless field's value, a tuple of
    several, or a dict of named ones."""

    name: str
    value: "Value" = None


# A struct with names is a dict, one without is a tuple, or the value itself when it has one field. Lists of u8 are
# bytes, bits are text of 0 and 1, an Option is None or what it holds; an Option of what may be None is a Chosen.
Value = None | bool | int | str | bytes | Chosen | tuple["Value", ...] | list["Value"] | dict[str, "Value"]


class ValueTooLarge(BadAnswer):
    """A value holds more, or nests deeper, than any real one: `what` is over `limit`."""

    slug = "chain-value-too-large"

    def __init__(self, what: str, limit: int) -> None:
        self.what, self.limit = what, limit
        super().__init__(f"a value with more than {limit} {what}")


class NoValueForm(BadAnswer):
    """A type in the registry has no values, such as a compact of text."""

    slug = "no-value-form"

    def __init__(self, type_name: str, why: str) -> None:
        self.type_name, self.why = type_name, why
        super().__init__(f"{type_name} has no values: {why}")


class ValueMisfit(ChainError, Refusal):
    """A value to be written does not fit its type; `where` leads to it from the outside (`params.host`)."""

    slug = "value-misfit"
    status = 400
    remedy = "Give exactly the fields that the chain's metadata names, in its types."

    def __init__(self, why: str, *where: str) -> None:
        self.why, self.where = why, where
        super().__init__(f"{'.'.join(where) or 'the value'} {why}")

    def inside(self, outer: str) -> "ValueMisfit":
        """The same seen from one step further out."""
        return ValueMisfit(self.why, outer, *self.where)


class Budget:
    """What reading one value may cost: values in all, and how deep they nest. Used up by reading."""

    __slots__ = ("_depth", "_depth_max", "_values", "_values_max")

    def __init__(self, values: int = VALUES_MAX, depth: int = DEPTH_MAX) -> None:
        self._values_max = self._values = values
        self._depth_max = self._depth = depth

    def enter(self) -> None:
        """One value more, a step deeper; ValueTooLarge when either is used up."""
        self._values -= 1
        self._depth -= 1
        if self._values < 0:
            raise ValueTooLarge("values", self._values_max)
        if self._depth < 0:
            raise ValueTooLarge("levels", self._depth_max)

    def leave(self) -> None:
        """A step back out."""
        self._depth += 1

    def afford(self, count: int) -> None:
        """Refuse a list of `count` before its first element is read: elements may take no bytes."""
        if count > self._values:
            raise ValueTooLarge("values", self._values_max)
