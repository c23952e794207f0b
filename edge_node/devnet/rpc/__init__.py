"""The development chain's door: JSON-RPC over WebSocket as nodes of Substrate chains speak it, on this machine."""

from edge_node.devnet.rpc.server import NotLoopback, PortTaken, RpcServer, serve_rpc

__all__ = ["NotLoopback", "PortTaken", "RpcServer", "serve_rpc"]
