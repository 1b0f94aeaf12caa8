"""Where requests may be sent: operators set addresses, and none may reach into our own network."""

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

type IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
type AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]
"""Family, kind, protocol, name and address of a socket, as `socket.getaddrinfo` has them."""

_OWN_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
# Azure's own services answer every machine there, at an address that looks like anybody's.
_AZURES_OWN = ipaddress.ip_address("168.63.129.16")
# All that is given out of IPv6. Outside of it lie what only a network itself understands, and the prefixes behind which
# the whole of IPv4 can be reached (mapped, compatible, translated, NAT64).
_GIVEN_OUT = ipaddress.ip_network("2000::/3")
_ENDINGS_AT_HOME = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


class LeadsInside(OSError):
    """No connection is made: the address is not on the public internet."""

    def __init__(self) -> None:
        # The same words for each address of a name: who tries them all would make another error of different ones.
        super().__init__("it does not lead to the public internet")


def address_fault(address: str, *, local: bool) -> str | None:
    """Why requests may not be sent to `address`, or None. Unless `local`, it must be https and on the public internet.

    What a name resolves to is not looked up: that is decided by `socket_outside` when a connection is made.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "must be a URL"
    schemes = {"https", "http"} if local else {"https"}
    if parts.scheme not in schemes or not host or not address.isascii() or any(c.isspace() for c in address):
        return f"must be a URL that starts with {' or '.join(f'{scheme}://' for scheme in sorted(schemes))}"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "must have neither a user name, a password nor a fragment"
    if not local and not _is_public(host):
        return "must lie on the public internet"
    return None


def notice_address_fault(address: str, *, local: bool) -> str | None:
    """The same for an address that operators want notices at: http only to this machine, and only if `local`."""
    fault = address_fault(address, local=local)
    if fault is None and urlsplit(address).scheme == "http" and urlsplit(address).hostname not in _OWN_MACHINE:
        return "must be a URL that starts with https://"
    return fault


def leads_outside(address: IpAddress) -> bool:
    """Whether a connection to `address` leaves for the public internet: not to this machine, nor its network."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return leads_outside(address.ipv4_mapped)
        if address not in _GIVEN_OUT or address.sixtofour is not None or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and address != _AZURES_OWN


def socket_outside(info: AddressInfo) -> socket.socket:
    """A socket, not yet connected, for the very address that is connected to next; whatever name has led there, and
    however often it leads somewhere else. Raises LeadsInside.
    """
    family, kind, protocol, _, address = info
    if not leads_outside(ipaddress.ip_address(address[0])):
        raise LeadsInside
    return socket.socket(family, kind, protocol)


def _is_public(host: str) -> bool:
    try:
        return leads_outside(ipaddress.ip_address(host))
    except ValueError:
        pass
    host = host.removesuffix(".")
    last = host.rpartition(".")[2]
    # A last label that starts with a digit is an IPv4 address in one of its odd spellings.
    return "." in host and not last[:1].isdigit() and not host.endswith(_ENDINGS_AT_HOME)
