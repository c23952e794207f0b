"""Keys that everybody has: the accounts of the public development phrase and of published test phrases (pure).

Whoever holds such a key signs as the node: a network where anything is at stake must never meet it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import PublicKey
from edge_node.trust.account import address_of

# (whose, its ed25519 key, its sr25519 key). The first 17 are of "bottom drive obey lake curtain smoke basket hold race
# lonely fit walk", which is compiled into every Substrate node and wallet; the first after them is of the storage
# clients' own tests ("hybrid label reunion only dawn maze asset draft cousin height flock nation"), the next of chain
# tools, the last four of BIP-39's test vectors. tests/trust/test_dev_keys.py derives them all again.
_TABLE: Final = (
    ("the development phrase",
     "345071da55e5dccefaaa440339415ef9f2663338a38f7da0df21be5ab4e055ef",
     "46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a"),
    ("//Alice",
     "88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee",
     "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"),
    ("//Alice//stash",
     "451781cd0c5504504f69ceec484cc66e4c22a2b6a9d20fb1a426d91ad074a2a8",
     "be5ddb1579b72e84524fc29e78609e3caf42e85aa118ebfe0b0ad404b5bdd25f"),
    ("//Bob",
     "d17c2d7823ebf260fd138f2d7e27d114c0145d968b5ff5006125f2414fadae69",
     "8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48"),
    ("//Bob//stash",
     "292684abbb28def63807c5f6e84e9e8689769eb37b1ab130d79dbfbf1b9a0d44",
     "fe65717dad0447d715f660a0a58411de509b42e6efb8375f562f58a554d5860e"),
    ("//Charlie",
     "439660b36c6c03afafca027b910b4fecf99801834c62a5e6006f27d978de234f",
     "90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22"),
    ("//Charlie//stash",
     "dd6a6118b6c11c9c9e5a4f34ed3d545e2c74190f90365c60c230fa82e9423bb9",
     "1e07379407fecc4b89eb7dbd287c2c781cfb1907a96947a3eb18e4f8e7198625"),
    ("//Dave",
     "5e639b43e0052c47447dac87d6fd2b6ec50bdd4d0f614e4299c665249bbd09d9",
     "306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20"),
    ("//Dave//stash",
     "1d0432d75331ab299065bee79cdb1bdc2497c597a3087b4d955c67e3c000c1e2",
     "e860f1b1c7227f7c22602f53f15af80747814dffd839719731ee3bba6edc126c"),
    ("//Eve",
     "1dfe3e22cc0d45c70779c1095f7489a8ef3cf52d62fbd8c2fa38c9f1723502b5",
     "e659a7a1628cdd93febc04a4e0646ea20e9f5f0ce097d9a05290d4a9e054df4e"),
    ("//Eve//stash",
     "c833bdd2e1a7a18acc1c11f8596e2e697bb9b42d6b6051e474091a1d43a294d7",
     "8ac59e11963af19174d0b94d5d78041c233f55d2e19324665bafdfb62925af2d"),
    ("//Ferdie",
     "568cb4a574c6d178feb39c27dfc8b3f789e5f5423e19c71633c748b9acf086b5",
     "1cbd2d43530a44705ad088af313e18f80b53ef16b36177cd4b77b846f2a5f07c"),
    ("//Ferdie//stash",
     "199d749dbf4b8135cb1f3c8fd697a390fc0679881a8a110c1d06375b3b62cd09",
     "101191192fc877c24d725b337120fa3edc63d227bbc92705db1e2cb65f56981a"),
    ("//One",
     "16f97016bbea8f7b45ae6757b49efc1080accc175d8f018f9ba719b60b0815e4",
     "ac859f8a216eeb1b320b4c76d118da3d7407fa523484d0a980126d3b4d0d220a"),
    ("//One//stash",
     "c23a324f934696084380e0678ca1a0f5b53b21dcc1449640c2bf05b54f9d5104",
     "7eb5180f1c619ea25be3c42de81c4c368347c62024f0eaa2b3334f79d7c46f18"),
    ("//Two",
     "5079bcd20fd97d7d2f752c4607012600b401950260a91821f73e692071c82bf5",
     "1254f7017f0b8347ce7ab14f96d818802e7e9e0c0d1b7c9acb3c726b080e7a03"),
    ("//Two//stash",
     "6b494f29d11ccd20aa6a9d249011e568923e9196878db7d5516c346cef82b959",
     "2a34db436b450c489d16c1912495099a1491c3143b732b8715d0a619cd52a954"),
    ("the test phrase `hybrid label reunion …`",
     "1cd7ddff2b916c3e0cea0cbcb4c0504673024485480b6952cac667dd068b3dbc",
     "2c1a7cdeff55c046bc85c3a969c372ef85290c122a9c5636b3232740c3a38245"),
    ("the test phrase `test test … junk`",
     "a1f922f59d9343de0ae9bed4694dcff914785d2cb28985d68c2197363a83148a",
     "d000ac5048ae858aca2e6aa43e00661562a47026fe88ff83992430204a159752"),
    ("the test phrase `abandon abandon … about`",
     "9125f505bdef2cb5825b9931769316d3e2f22150786489a04f39b434ec9fb294",
     "66933bd1f37070ef87bd1198af3dacceb095237f803f3d32b173e6b425ed7972"),
    ("the test phrase `legal winner thank …`",
     "7b4344ead732d6beeeded95d39e330ef0c16ae806046b296737dababb8a0b80d",
     "625e25364c7b68e0a83065ccb40afed43f8fe933e669b24f3d69a57eddb3b715"),
    ("the test phrase `letter advice cage …`",
     "754863483f2b92fd0eb0cd8c2545895ba171b90caafe9baaec9834b1dd28b363",
     "7cfc381486c8de5731bdd63ced8f36da5dd700bfb9b1b02a4f1d212a84fdb414"),
    ("the test phrase `zoo zoo … wrong`",
     "a1220d50859055fa5cb02b5df1673a911de712d263bb97b0cb68e7e6a9b9d81e",
     "fefd19b87ac6f83c8a3cc4e9603a00d4a9e6f8322a625786300380722550c47d"),
)  # fmt: skip

DEV_KEYS: Final = {
    PublicKey.parse(key): (name, scheme)
    for name, *keys in _TABLE
    for scheme, key in zip(("ed25519", "sr25519"), keys, strict=True)
}
"""Whose a known key is, and of which scheme."""


class PublicSecret(EdgeNodeError):
    """A key is to be used whose secret half everybody has."""

    slug = "public-secret"
    remedy = (
        "Put a key of your own in its place (`edge-node key new`, or a node made anew by `edge-node init`). "
        'Keys that everybody has serve on a development chain alone: chain.network = "dev", asked on this machine.'
    )

    def __init__(self, what: str, key: PublicKey, name: str, where: str) -> None:
        self.what, self.key, self.name = what, key, name
        super().__init__(f"{what} {address_of(key)} is {name}, whose secret half everybody has, and {where}")


@dataclass(frozen=True, slots=True)
class Held:
    """A key in use here, and what it is used as: `the node key`."""

    what: str
    key: PublicKey


def require_own_secrets(held: Iterable[Held], where: str) -> None:
    """PublicSecret for the first key in the table; `where` says why that matters here."""
    for one in held:
        if (known := DEV_KEYS.get(one.key)) is not None:
            raise PublicSecret(one.what, one.key, " ".join(known), where)
