"""Which Host values a node answers to: its addresses, loopback names and the operator's list.

A web page can point its own name at this machine's address (DNS rebinding) and then speak to it with the visitor's
rights; such a request carries the page's name as Host. A literal address cannot be rebound.
"""

from collections.abc import Iterable

from edge_node.wire.http1_target import host_name, is_literal_address, is_loopback_name

REMEMBERED_MAX = 256  # spellings of hosts kept as allowed, so that a verdict costs one look-up


class HostGate:
    """The allow-list over valid Host values; `*` among `hosts` allows all."""

    def __init__(self, hosts: Iterable[str]) -> None:
        names = {name.lower().removesuffix(".") for name in hosts}
        self._all = "*" in names
        self._names = names
        self._remembered: set[str] = set()

    def allows(self, host: str) -> bool:
        """Whether a Host value, port included, is answered; an empty one (HTTP/1.0) is."""
        if host in self._remembered:
            return True
        if not self._judge(host):
            return False
        if len(self._remembered) < REMEMBERED_MAX:
            self._remembered.add(host)
        return True

    def _judge(self, host: str) -> bool:
        if self._all or not host:
            return True
        name = host_name(host)
        return name in self._names or is_loopback_name(name) or is_literal_address(name)
