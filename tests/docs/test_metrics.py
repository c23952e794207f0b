"""The page of metrics is what the code declares."""

from docs.generate.log_events import ROOT
from docs.generate.metrics import render, rows


def test_the_page_is_fresh() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs/metrics.md").read_text() == render(), "run `make docs`"


def test_every_family_says_what_it_means() -> None:
    """A sentence for each, each once."""
    found = rows()
    assert len({row.name for row in found}) == len(found)
    assert all(row.about.endswith(".") for row in found)


def test_the_process_wide_counters_are_there_with_their_labels() -> None:
    """Counters live beside what they count, in several modules; none is left out."""
    labels = {row.name: row.labels for row in rows()}
    assert labels["edge_node_refusals_total"] == ("slug",)
    assert labels["edge_node_commit_seconds"] == ()
    assert "edge_node_http_connections_broken_total" in labels
    assert "process_open_fds" in labels
