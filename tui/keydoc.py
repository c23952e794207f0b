"""docs/keys.md, written from the bindings themselves: `python -m tui.keydoc > docs/keys.md`."""

import sys
from collections.abc import Sequence

from tui.keys import KeyRow, rows_of

HEAD = """# Keys of the terminal UI

Written from the bindings by `python -m tui.keydoc > docs/keys.md`; a test fails when this page is stale. `?` shows the
same in the program, this screen's first.

**Why these keys.** Digits are screens, and each digit has its screen for good: 5 agents, 6 media, 7 activity and
earnings, 8 peers and 0 doctor are kept free for theirs. Devices have no digit left, so they stand on `.`
beside the `,` of the settings: both are reached without shift on most layouts, and no letter is taken that is a verb on
a row. Lower-case letters are verbs on the row under the cursor, capitals change what is shown or written. No key does
a dangerous thing by itself: `s`, `x` and the like open the node's own plan, which is confirmed, and where it is
dangerous by typing a name.

**Own keys.** `~/.config/edge-node/keys.toml` (`$XDG_CONFIG_HOME`, or `--keys FILE`) binds other keys by these names:

```toml
[keys]
"screen.devices" = "6"
"table.down" = "down,ctrl+n"
```
"""


def render(rows: Sequence[KeyRow]) -> str:
    """The whole page."""
    lines = [HEAD]
    for place in dict.fromkeys(row.place for row in rows):
        lines += [f"## {place}", "", "| key | does | name |", "|---|---|---|"]
        lines += [f"| {_code(row.keys)} | {row.about} | `{row.name}` |" for row in rows if row.place == place]
        lines.append("")
    return "\n".join(lines)


def _code(keys: str) -> str:
    return " ".join("`" + key.replace("|", "\\|") + "`" for key in keys.split(" "))


def all_rows() -> list[KeyRow]:
    """Every binding of the app and its screens."""
    from tui.app import NodeApp
    from tui.screens.atlas import PLACES

    return rows_of((("Everywhere", NodeApp), *PLACES))


if __name__ == "__main__":
    sys.stdout.write(render(all_rows()))
