"""Refusals of calls, by name."""

from edge_node.devnet.runtime.refusals import CallRefused, PalletRefusal, arithmetic_refusal, token_refusal


def test_a_refusal_says_its_name():
    """Kind and detail, as a person reads them."""
    assert str(PalletRefusal("DdcNodes", "NodeDoesNotExist")) == "Module: DdcNodes.NodeDoesNotExist"
    assert str(token_refusal("Frozen")) == "Token: Frozen"
    assert (arithmetic_refusal("Overflow").kind, arithmetic_refusal("Overflow").detail) == ("Arithmetic", "Overflow")
    assert str(CallRefused("BadOrigin")) == "BadOrigin"
