"""Bucket rules: how they are spelled, and that a slip of the pen is found before the node starts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.base58 import ALPHABET
from edge_node.base.ss58 import format_ss58
from edge_node.settings.buckets import BUCKET_MAX, BucketRule, parse_bucket, parse_buckets

OWNER = bytes.fromhex("8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c")
ADDRESS = "6SeGEQR5w9piHVdKKW5SH2jCiBLDJU6faRYLpoPZNo7CP9Dg"  # as the official SDK writes it


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"7 owner={ADDRESS} public", BucketRule(7, OWNER, public=True)),
        (f"7 owner={OWNER.hex()}", BucketRule(7, OWNER, public=False)),
        ("0  public\towner=node", BucketRule(0, None, public=True)),
        (f"{BUCKET_MAX} owner=node", BucketRule(BUCKET_MAX, None, public=False)),
    ],
)
def test_rules(text: str, rule: BucketRule) -> None:
    """A number, whose it is, whether anybody may read; terms stand in any order."""
    assert parse_bucket(text) == rule


@given(st.binary(min_size=32, max_size=32), st.sampled_from([0, 42, 54, 63, 64, 255, 256, 16_383]))
def test_an_address_of_any_network_is_read(account: bytes, prefix: int) -> None:
    """Whichever network an address was written for, it names the same account."""
    assert parse_bucket(f"1 owner={format_ss58(account, prefix)}").owner == account


@given(st.integers(0, len(ADDRESS) - 1), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_found(at: int, letter: str) -> None:
    """The checksum tells: no bucket is given to an account that nobody has."""
    wrong = ADDRESS[:at] + letter + ADDRESS[at + 1 :]
    if wrong != ADDRESS:
        with pytest.raises(ValueError, match="owner="):
            parse_bucket(f"1 owner={wrong}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "7",
        "7 public",
        "seven owner=node",
        "-1 owner=node",
        "07 owner=node",
        f"{BUCKET_MAX + 1} owner=node",
        "7 owner=node owner=node",
        "7 owner=node public public",
        "7 owner=node private",
        "7 owner=",
        f"7 owner={OWNER.hex().upper()}",
        f"7 owner={OWNER.hex()[:-1]}",
        f"7 owner={'1' * 48}",
        f"7 owner={'z' * 50}",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    """With what is wrong about it."""
    with pytest.raises(ValueError, match=r"bucket|owner"):
        parse_bucket(text)


def test_two_rules_about_one_bucket() -> None:
    """Nobody could say which counts."""
    assert parse_buckets(()) == ()
    assert [rule.id for rule in parse_buckets(["1 owner=node", "2 owner=node"])] == [1, 2]
    with pytest.raises(ValueError, match="two rules are about bucket 1"):
        parse_buckets(["1 owner=node", "2 owner=node", "1 owner=node public"])
