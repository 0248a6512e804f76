"""A network that reaches the public internet alone, and no longer than is allowed: for addresses that strangers wrote.

A name is looked up once, and the connection goes to the very address that was looked at, so a name server that says one thing and then
another (DNS rebinding) gains nothing. Every read has the time that is left of the whole, so bytes that drip do not hold us.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore2

from deephypebot.errors import Refused

SOCKET_OPTION = Any
Resolve = Mapping[tuple[str, int], tuple[str, int]]  # exceptions by hand, as `curl --resolve` has them


class PublicNetwork(httpcore2.NetworkBackend):
    """resolve: where some hosts are, by (host, port); these may be private, for whoever runs this says so. Safe to share between threads."""

    def __init__(self, resolve: Resolve | None = None) -> None:
        self.inner, self.resolve, self.local = httpcore2.SyncBackend(), dict(resolve or {}), threading.local()

    def allow(self, seconds: float) -> None:
        """What this thread asks for next may take so long, in all."""
        self.local.deadline = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """Seconds that one more step may take. Raises httpcore2.ReadTimeout where there are none."""
        left = getattr(self.local, "deadline", time.monotonic() + 60.0) - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time for the whole answer is over")
        return left if timeout is None else min(left, timeout)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Raises Refused for an address of the inner network."""
        address, port = self.resolve.get((host, port)) or (public_address(host), port)
        stream = self.inner.connect_tcp(address, port, self.left(timeout), local_address, socket_options)
        return TimedStream(stream, self)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SOCKET_OPTION] | None = None
    ) -> httpcore2.NetworkStream:
        raise Refused("a socket of this machine is no public address")


class TimedStream(httpcore2.NetworkStream):
    """A stream that reads and writes within the network's time."""

    def __init__(self, inner: httpcore2.NetworkStream, network: PublicNetwork) -> None:
        self.inner, self.network = inner, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, self.network.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self.network.left(timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return TimedStream(self.inner.start_tls(ssl_context, server_hostname, self.network.left(timeout)), self.network)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def public_address(host: str) -> str:
    """The address of a host. Raises Refused unless all of its addresses are public ones, httpcore2.ConnectError where it has none."""
    try:
        found = [str(one[4][0]).partition("%")[0] for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host} has no address") from error
    for address in found:
        if not is_public(address):
            raise Refused(f"private address: {host} is at {address}")
    if not found:
        raise httpcore2.ConnectError(f"{host} has no address")
    return found[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the outer network, also where IPv6 wraps an IPv4 one."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if wrapped is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast
