"""Where requests may be sent: operators set addresses, and none may reach into our own network."""

import ipaddress
from urllib.parse import urlsplit

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


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    host = host.removesuffix(".")
    last = host.rpartition(".")[2]
    # A last label that starts with a digit is an IPv4 address in one of its odd spellings.
    return "." in host and not last[:1].isdigit() and not host.endswith(_ENDINGS_AT_HOME)
