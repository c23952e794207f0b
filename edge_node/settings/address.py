"""The `host:port` form of a listening address, as the operator writes it."""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A literal IPv4 or IPv6 address or a host name, and a port; port 0 asks for a free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it; a name is believed only when it is `localhost`."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """Read `127.0.0.1:8091`, `[::]:8443` or `localhost:0`; ValueError names what is missing."""
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError("wants host:port")
    if host.startswith("[") and host.endswith("]"):
        host = str(ipaddress.IPv6Address(host[1:-1]))
    elif ":" in host:
        raise ValueError("an IPv6 address stands in brackets: [::1]:8091")
    if not (port.isascii() and port.isdigit() and int(port) < 2**16):
        raise ValueError(f"a port is a number from 0 to 65535, not {port!r}")
    return ListenAddress(host, int(port))
