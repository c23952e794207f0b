"""Who may call what."""

import pytest

from edge_node.devnet.runtime.origin import NOBODY, ROOT, Origin
from edge_node.devnet.runtime.refusals import CallRefused

SIGNED = Origin(bytes(32))


@pytest.mark.parametrize("origin", [ROOT, NOBODY, SIGNED], ids=["root", "nobody", "signed"])
def test_each_is_one_of_three(origin):
    """And BadOrigin as either of the others."""
    for wanted, ask in ((SIGNED, origin.signer), (ROOT, origin.require_root), (NOBODY, origin.require_nobody)):
        if origin is wanted:
            ask()
        else:
            with pytest.raises(CallRefused, match="BadOrigin"):
                ask()
