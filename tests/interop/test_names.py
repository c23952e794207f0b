"""CnsApi through the npm SDK, over gRPC and over WebSocket."""

import pytest

from tests.interop.conftest import Ask
from tests.interop.contents import raw_cid
from tests.interop.place import EDITHS, PEOPLE, PRIVATE, PUBLIC
from tests.interop.test_files import refused

pytestmark = pytest.mark.needs_node


@pytest.mark.parametrize(("who", "bucket"), [("owner", PRIVATE), ("edith", EDITHS)])
def test_a_name_comes_back_with_the_signature_it_was_set_with(ask: Ask, who: str, bucket: int) -> None:
    """Both kinds of key; last write wins; `no-cache` is understood."""
    name, caller = "dir/file-name", {"bucket": bucket, "who": who}
    for content in (b"one", b"two"):
        put = ask("names.put", name=name, cid=raw_cid(content), **caller)["record"]
        for more in ({}, {"cacheControl": "no-cache"}):
            assert ask("names.get", name=name, **caller, **more)["record"] == put
        assert (put["cid"], put["signer"]) == (raw_cid(content), PEOPLE[who]["address"])


def test_a_name_that_nobody_set_is_undefined(ask: Ask) -> None:
    """Not an error: the SDK says undefined, in this bucket and in the one beside it."""
    ask("names.put", bucket=PRIVATE, name="only/here", cid=raw_cid(b"x"))
    assert ask("names.get", bucket=PUBLIC, name="only/here")["record"] is None
    assert ask("names.get", bucket=PRIVATE, name="nobody/set/this")["record"] is None


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 256])
def test_a_name_that_is_none_is_refused(ask: Ask, name: str) -> None:
    """Empty, with a control character, longer than 255."""
    assert refused(ask, "names.put", bucket=PRIVATE, name=name, cid=raw_cid(b"x"))["code"] == "INVALID_ARGUMENT"
