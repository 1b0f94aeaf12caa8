"""Where requests may be sent: operators set addresses, and none may reach into our own network."""

import ipaddress
from urllib.parse import urlsplit

type IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_OWN_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
# Azure's own services answer every machine there, at an address that looks like anybody's; through the prefix of NAT64
# the whole of IPv4 can be reached.
_AZURES_OWN = ipaddress.ip_address("168.63.129.16")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ENDINGS_AT_HOME = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


def address_fault(address: str, *, local: bool) -> str | None:
    """Why requests may not be sent to `address`, or None. Unless `local`, it must be https and on the public internet.

    What a name resolves to is not looked up.
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
        if address in _NAT64 or address.sixtofour is not None or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and address != _AZURES_OWN


def _is_public(host: str) -> bool:
    try:
        return leads_outside(ipaddress.ip_address(host))
    except ValueError:
        pass
    host = host.removesuffix(".")
    last = host.rpartition(".")[2]
    # A last label that starts with a digit is an IPv4 address in one of its odd spellings.
    return "." in host and not last[:1].isdigit() and not host.endswith(_ENDINGS_AT_HOME)
