"""Retention rules: how they are spelled, and which one a stream falls under."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.settings.retention import FOR_EVER, RetentionPolicy, choose_policy, parse_rule, parse_rules


@pytest.mark.parametrize(
    ("text", "prefix", "policy"),
    [
        ("site", "site", FOR_EVER),
        ("site/a age=90s", "site/a", RetentionPolicy(age_s=90)),
        ("site/a age=2m", "site/a", RetentionPolicy(age_s=120)),
        ("a age=3h bytes=5", "a", RetentionPolicy(age_s=10_800, bytes_max=5)),
        (
            "a  bytes=10GiB\tage=30d keep=1000",
            "a",
            RetentionPolicy(age_s=2_592_000, bytes_max=10 << 30, events_min=1000),
        ),
        ("a bytes=1TiB", "a", RetentionPolicy(bytes_max=1 << 40)),
        ("a keep=9007199254740991", "a", RetentionPolicy(events_min=2**53 - 1)),
    ],
)
def test_rules(text, prefix, policy):
    """Each unit is what it says; terms stand in any order."""
    rule = parse_rule(text)
    assert (rule.prefix, rule.policy) == (prefix, policy)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "Site",
        "-a",
        "a age=",
        "a age=30",
        "a age=30w",
        "a age=0d",
        "a age = 1d",
        "a age=-1d",
        "a age=1.5d",
        "a age=1d age=2d",
        "a bytes=5KB",
        "a keep=5s",
        "a keep=9007199254740992",
        "a size=5",
        "a" * 128,
    ],
)
def test_what_is_no_rule_is_refused_with_a_reason(text):
    """A rule that cannot be read must not keep, or remove, what nobody meant."""
    with pytest.raises(ValueError, match=r"\w"):
        parse_rule(text)


def test_two_rules_about_one_prefix_are_refused():
    """Which of them would count, nobody could tell."""
    with pytest.raises(ValueError, match="two rules"):
        parse_rules(["a age=1d", "b", "a/ bytes=5"])


def test_the_longest_prefix_wins_by_whole_segments():
    """A rule is taken whole; what no rule covers has the default."""
    default = RetentionPolicy(age_s=1)
    rules = parse_rules(["site age=1d keep=5", "site/cam bytes=5", "site/cam/1"])
    chosen = {
        name: choose_policy(default, rules, name) for name in ("site", "site/x", "site/cam/2", "site/cam/1", "sites")
    }
    assert chosen == {
        "site": RetentionPolicy(age_s=86_400, events_min=5),
        "site/x": RetentionPolicy(age_s=86_400, events_min=5),
        "site/cam/2": RetentionPolicy(bytes_max=5),
        "site/cam/1": FOR_EVER,
        "sites": default,
    }


LIMITS = st.none() | st.integers(1, 2**53 - 1)


@given(st.builds(RetentionPolicy, age_s=LIMITS, bytes_max=LIMITS, events_min=st.integers(0, 2**53 - 1)))
def test_a_policy_reads_as_it_is_shown(policy):
    """What people are shown can be written into the settings."""
    shown = "" if policy == FOR_EVER else str(policy)
    assert parse_rule(f"a {shown}").policy == policy
    assert policy.keeps_all == (policy.age_s is None and policy.bytes_max is None)
