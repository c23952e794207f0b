"""BLAKE2b-256 against known answers."""

from edge_node.base.digests import blake2b_256


def test_known_answers():
    """The digest of nothing and of `abc`, from bytes and from a view of them."""
    assert blake2b_256(b"").hex() == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
    abc = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
    assert (blake2b_256(b"abc").hex(), blake2b_256(memoryview(b"xabc")[1:]).hex()) == (abc, abc)
