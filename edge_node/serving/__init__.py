"""Trio shells over the wire: an HTTP server with every limit on, a router, problems, TLS; opens nothing by itself."""

from edge_node.serving.certificate import PemPair, expires_at, fingerprint, make_self_signed, store_pair
from edge_node.serving.http_server import HttpServer
from edge_node.serving.listeners import AddressUnavailable, Door, open_listeners
from edge_node.serving.problems import problem_response
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.router import Handler, Router
from edge_node.serving.sse_stream import EventStream
from edge_node.serving.tls import CertificateUnusable, TlsIdentity
from edge_node.serving.upgrade import WebSocketUpgrade, check_websocket
from edge_node.serving.websocket_session import SessionEnded, WebSocketSession

__all__ = [
    "AddressUnavailable",
    "CertificateUnusable",
    "Door",
    "EventStream",
    "Handler",
    "HttpServer",
    "PemPair",
    "Request",
    "Response",
    "Router",
    "SessionEnded",
    "TlsIdentity",
    "WebSocketSession",
    "WebSocketUpgrade",
    "check_websocket",
    "expires_at",
    "fingerprint",
    "make_self_signed",
    "open_listeners",
    "problem_response",
    "store_pair",
]
