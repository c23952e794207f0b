"""The settings file that `init` writes: every field commented out with its meaning and default."""

import textwrap
from collections.abc import Mapping

from edge_node.settings.fields import FIELDS, SECTIONS, Field, section_about
from edge_node.settings.literal import toml_literal

WIDTH = 100
HEAD = """\
# Settings of this edge node. A line without its # sets a value; `edge-node settings` shows what is in force and why.
# The environment wins: EDGE_NODE__HTTP__LISTEN overrides listen in [http].
# Each [section] stands here already and TOML takes none twice: change its lines where they are.
"""


def template(chosen: Mapping[str, object] | None = None) -> str:
    """A complete settings file; `chosen` maps dotted names to the values that stand uncommented.

    KeyError for a name that is no setting.
    """
    chosen = dict(chosen or {})
    parts = [HEAD]
    for section in SECTIONS:
        parts.append(f"\n# {section_about(section)}\n[{section}]\n")
        parts += [_entry(field, chosen) for field in FIELDS if field.path[0] == section]
    if chosen:
        raise KeyError(f"no such setting: {', '.join(sorted(chosen))}")
    return "".join(parts)


def _entry(field: Field, chosen: dict[str, object]) -> str:
    about = f"{field.about} ({field.reload})"
    comment = "".join(f"# {line}\n" for line in textwrap.wrap(about, WIDTH - 2, break_long_words=False))
    key = ".".join(field.path[1:])
    if field.name in chosen:
        return f"{comment}{key} = {toml_literal(chosen.pop(field.name))}\n"
    return f"{comment}#{key} = {toml_literal(field.default)}\n"
