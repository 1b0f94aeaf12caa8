"""Which certificates are believed where we are the client."""

import os
import ssl
from functools import lru_cache


def tls_context() -> ssl.SSLContext:
    """Believes what `SSL_CERT_FILE` or `SSL_CERT_DIR` names, else the authorities that browsers believe."""
    return _context(file=os.environ.get("SSL_CERT_FILE"), folder=os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)  # reading them takes longer than a request
def _context(*, file: str | None, folder: str | None) -> ssl.SSLContext:
    import certifi

    if not file and not folder:
        file = certifi.where()
    context = ssl.create_default_context(cafile=file) if file else ssl.create_default_context(capath=folder)
    context.set_alpn_protocols(["http/1.1"])
    return context
