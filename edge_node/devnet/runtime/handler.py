"""What carries out a call: a function of the work, the origin and the call's fields by their names."""

from collections.abc import Callable

Handler = Callable[..., None]
