"""A sovereign edge node: verify the chain, keep the shards, run the agents, record what happened."""

__version__ = "0.1.0"
