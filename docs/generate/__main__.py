"""Write the generated pages of docs/."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.generate import log_events, metrics, openapi

DOCS = Path(__file__).parents[1]
PAGES: Mapping[str, Callable[[], str]] = {
    "log-events.md": log_events.render,
    "metrics.md": metrics.render,
    "specs/openapi.json": openapi.render,
}


def main() -> None:
    """Write every page that differs."""
    for name, render in PAGES.items():
        page, text = DOCS / name, render()
        if not page.exists() or page.read_text() != text:
            page.write_text(text)
            sys.stdout.write(f"wrote docs/{name}\n")


if __name__ == "__main__":
    main()
