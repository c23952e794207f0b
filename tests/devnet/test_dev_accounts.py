"""The accounts everybody has the keys of."""

import sr25519

from edge_node.base.ss58 import format_ss58
from edge_node.devnet.dev_accounts import NAMES, dev_accounts, dev_validator, ed25519_dev, sr25519_dev
from edge_node.trust.keys import verify_signature


def test_the_keys_are_those_that_every_wallet_derives():
    """//Alice and //Bob in both schemes, as Substrate's own tools print them."""
    assert format_ss58(sr25519_dev("Alice").public, 42) == "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
    assert format_ss58(sr25519_dev("Bob").public, 42) == "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
    assert format_ss58(sr25519_dev("Alice", "stash").public, 42) == "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY"
    assert ed25519_dev("Alice").public.hex() == "88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee"


def test_they_sign():
    """What they sign verifies under their public keys."""
    pair, key = sr25519_dev("Dave"), ed25519_dev("Dave")
    assert sr25519.verify(pair.sign(b"words"), b"words", pair.public)
    assert verify_signature(key.public, b"words", key.sign(b"words"))


def test_the_rich_are_all_there_once():
    """Each name and its stash, in both schemes."""
    assert len(dev_accounts()) == len(set(dev_accounts())) == 4 * len(NAMES)
    assert sr25519_dev("Eve").public in dev_accounts()


def test_validators_have_keys_of_their_own():
    """Those with a name and those without; seals are 64 bytes."""
    validators = [dev_validator(place) for place in range(9)]
    assert len({one.grandpa.public for one in validators}) == len({one.babe for one in validators}) == 9
    assert len(validators[8].seal(bytes(32))) == 64
