"""The platform administrator's key of a local stack: made once, kept with the rest of the local state."""

import hashlib
import os
import secrets
from pathlib import Path


def platform_admin_key(*, state: Path) -> str:
    """The key in `platform-admin-key` below the state folder, made there on first use, readable by the owner alone."""
    file = state / "platform-admin-key"
    state.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    key = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as new:
        new.write(key + "\n")
    return key


def key_hash(key: str) -> str:
    """What the setting PlatformAdminKeyHash holds: SHA-256 in lower-case hex."""
    return hashlib.sha256(key.encode()).hexdigest()
