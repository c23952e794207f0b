"""What a section of the settings is: frozen, each field with its meaning, unit and reload class."""

import enum

import msgspec


class Reload(enum.StrEnum):
    """When a changed field takes effect: in the running node, or at its next start."""

    LIVE = "live"
    RESTART = "restart"


def about(text: str, reload: Reload = Reload.RESTART, *, secret: bool = False) -> msgspec.Meta:
    """Describe a field: the manual's text, whether it reloads, whether its value is ever shown."""
    return msgspec.Meta(description=text, extra={"reload": reload, "secret": secret})


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A room's own part of the tree."""
