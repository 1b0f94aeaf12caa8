"""The certificate with which the sandbox's Entra is served: azure-identity refuses an authority without https."""

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography import x509
from cryptography.exceptions import InvalidSignature

_LONGEST_USE = timedelta(days=1)


class Certificates(NamedTuple):
    """`ca` is what clients must trust; `server` holds the certificate for 127.0.0.1 and localhost, and its key."""

    ca: Path
    server: Path


def certificates_in(folder: Path) -> Certificates:
    """The certificates of the folder, made anew if they are missing, damaged or about to expire."""
    certificates = Certificates(ca=folder / "ca.pem", server=folder / "server.pem")
    if not _usable(certificates):
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="Utility Cloud Connector sandbox")
        identity = authority.issue_cert("127.0.0.1", "localhost")
        _write(certificates.server, identity.private_key_and_cert_chain_pem.bytes())
        _write(certificates.ca, authority.cert_pem.bytes())
    return certificates


def _usable(certificates: Certificates) -> bool:
    try:
        authority = x509.load_pem_x509_certificate(certificates.ca.read_bytes())
        server = x509.load_pem_x509_certificate(certificates.server.read_bytes())
        server.verify_directly_issued_by(authority)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificates.server)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    needed_until = datetime.now(UTC) + _LONGEST_USE
    return min(authority.not_valid_after_utc, server.not_valid_after_utc) > needed_until


def _write(path: Path, content: bytes) -> None:
    """Readable by this user alone, and never seen half written."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    unfinished.replace(path)
