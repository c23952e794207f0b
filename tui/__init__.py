"""The terminal UI: a process of its own that shows a node through the operator's door (docs/how-to/tui.md)."""
