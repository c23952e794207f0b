"""Plain numbers of the store."""

from edge_node.store.figures import PieceFigures


def test_a_new_node_has_done_nothing() -> None:
    """Every figure begins at nought, and counting is plain arithmetic."""
    figures = PieceFigures()
    assert (figures.puts, figures.duplicates, figures.put_bytes, figures.read_bytes) == (0, 0, 0, 0)
    figures.puts += 1
    assert figures == PieceFigures(puts=1)
