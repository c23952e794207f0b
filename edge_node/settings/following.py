"""The section of the chain that is followed: which network, where it is asked, and who is believed."""

from typing import Annotated

import msgspec

from edge_node.settings.section import Section, about


class ChainSettings(Section, frozen=True):
    """The chain that the node follows and proves by itself; by default none (docs/how-to/follow-a-chain.md)."""

    network: Annotated[
        str,
        about("A network that comes with the release: dev, cere-mainnet, cere-testnet; empty: none is followed."),
        msgspec.Meta(pattern=r"^[a-z0-9-]{0,32}$"),
    ] = ""
    spec_file: Annotated[
        str,
        about("Specification of another network, instead of `network` (docs/specs/chain-spec.md); an absolute path."),
        msgspec.Meta(pattern=r"^(/.*)?$"),
    ] = ""
    endpoints: Annotated[
        tuple[str, ...],
        about(
            "Where the chain is asked, instead of the specification's own, each as `group=wss://host/path`; endpoints "
            "with one operator are one group, and agreement of groups is what counts.",
            secret=True,  # providers put their customers' keys into the address
        ),
    ] = ()
    checkpoint_file: Annotated[
        str,
        about("A checkpoint that is read at each start, as a file or its texts; an absolute path; empty: none."),
        msgspec.Meta(pattern=r"^(/.*)?$"),
    ] = ""
    pin_file: Annotated[
        str,
        about(
            "The signed word for a runtime's metadata, read at each start (docs/specs/metadata-pin.md); an absolute "
            "path; empty: none."
        ),
        msgspec.Meta(pattern=r"^(/.*)?$"),
    ] = ""
    operator_key: Annotated[
        str,
        about(
            "Public key, in hex, of the operator's cold key: what it signed is believed as the release's word is. "
            "Empty: the release alone."
        ),
        msgspec.Meta(pattern=r"^([0-9a-f]{64})?$"),
    ] = ""
    stalled_s: Annotated[
        int,
        about("Age of the newest final block, in seconds, from which on the chain counts as stalled."),
        msgspec.Meta(ge=2, le=86_400),
    ] = 180
