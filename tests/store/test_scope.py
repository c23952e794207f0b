"""Scopes name the resources that an access must cover."""

from edge_node.base.ids import VaultId
from edge_node.store.scope import Scope
from edge_node.wire.cid import format_cid, raw_piece_cid

OWNER, CID, ROOT = VaultId(b"o" * 32), raw_piece_cid(b"x"), raw_piece_cid(b"root")


def test_a_vault_by_itself_has_its_pieces() -> None:
    """As it was before there were buckets; nothing leads to another piece there."""
    assert Scope(OWNER).resource() == f"vault/{OWNER}/pieces"
    assert Scope(OWNER).resource(CID, through=ROOT) == f"vault/{OWNER}/pieces/{format_cid(CID)}"


def test_a_bucket_has_pieces_of_its_own() -> None:
    """One of them, all of them, or one reached through another, whose right is then enough."""
    scope, above = Scope(OWNER, 7), f"vault/{OWNER}/buckets/7/pieces"
    assert scope.resource() == above
    assert scope.resource(CID) == f"{above}/{format_cid(CID)}"
    assert scope.resource(CID, through=ROOT) == f"{above}/{format_cid(ROOT)}/{format_cid(CID)}"
    assert scope.resource(CID, through=CID) == scope.resource(CID)
