"""The runtime of the development chain: a chain in memory that is real in everything a client can see. Pure."""

from edge_node.devnet.runtime.block import Block, Refused
from edge_node.devnet.runtime.chain import Chain, Finality, NoSuchBlock, SlotNotAhead, StateDiscarded
from edge_node.devnet.runtime.dispatch import call_of
from edge_node.devnet.runtime.genesis import Genesis
from edge_node.devnet.runtime.grandpa_block import ChangeOrder
from edge_node.devnet.runtime.invalid import InvalidExtrinsic
from edge_node.devnet.runtime.proofs import NotYetFinal, finality_proof, warp_proof
from edge_node.devnet.runtime.validators import Validator
from edge_node.devnet.runtime.validity import Checked

__all__ = [
    "Block",
    "Chain",
    "ChangeOrder",
    "Checked",
    "Finality",
    "Genesis",
    "InvalidExtrinsic",
    "NoSuchBlock",
    "NotYetFinal",
    "Refused",
    "SlotNotAhead",
    "StateDiscarded",
    "Validator",
    "call_of",
    "finality_proof",
    "warp_proof",
]
