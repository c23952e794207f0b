"""The table of handlers: complete, and with a test for every refusal in it."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.devnet.pallets import PROFILES, sdk_profile
from edge_node.devnet.runtime.dispatch import HANDLERS, CallWithoutHandler, require_handlers

CALLS = Path(__file__).parents[3] / "edge_node/devnet/runtime/calls"
TESTS = Path(__file__).parent


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_described_call_is_carried_out_or_declared(profile):
    """The start-up check passes for both profiles."""
    require_handlers(profile)


def with_pallet(name, **changes):
    """The default profile with one pallet changed."""
    profile = sdk_profile()
    pallets = tuple(replace(one, **changes) if one.name == name else one for one in profile.pallets)
    return replace(profile, pallets=pallets)


def test_a_call_without_a_handler_stops_the_start():
    """Whether its handler is gone, or takes other fields than it is described with."""
    fewer = {name: dict(table) for name, table in HANDLERS.items()}
    del fewer["DdcNodes"]["delete_node"]
    with pytest.raises(CallWithoutHandler, match=r"DdcNodes\.delete_node"):
        require_handlers(sdk_profile(), fewer)
    calls = sdk_profile().pallet("DdcStaking").calls
    odd = (replace(calls[0], fields=calls[0].fields[:2]), *calls[1:])
    with pytest.raises(CallWithoutHandler, match=r"DdcStaking\.bond"):
        require_handlers(with_pallet("DdcStaking", calls=odd))


def test_what_is_declared_unsupported_has_no_handler():
    """A declaration that is not true any more stops the start too."""
    with pytest.raises(CallWithoutHandler, match=r"Utility\.batch"):
        require_handlers(with_pallet("Utility", unsupported=frozenset({"as_derivative", "batch"})))
    with pytest.raises(CallWithoutHandler, match=r"Utility\.as_derivative"):
        require_handlers(with_pallet("Utility", unsupported=frozenset()))


def errors_raised():
    """Every error name that stands in a handler's refusal."""
    described = {error for profile in PROFILES.values() for pallet in profile.pallets for error in pallet.errors}
    sources = [ast.parse(path.read_text()) for path in [*CALLS.glob("*.py"), CALLS.parent / "grandpa_block.py"]]
    nodes = [node for tree in sources for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        argument.value
        for node in nodes
        if isinstance(node.func, ast.Name) and node.func.id in {"ensure", "PalletRefusal"}
        for argument in node.args
        if isinstance(argument, ast.Constant) and argument.value in described
    }


@pytest.mark.parametrize("error", sorted(errors_raised()))
def test_each_error_that_is_raised_has_a_test(error):
    """Its name stands in a test that expects it."""
    texts = [path.read_text() for path in TESTS.rglob("test_*.py")]
    assert any(re.search(rf'"(\w+\.)?{error}"', text) for text in texts)


def test_no_handler_raises_what_its_pallet_does_not_describe():
    """The reader above sees them all: some fifty."""
    assert len(errors_raised()) > 45
