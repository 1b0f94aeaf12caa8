"""Texts that would be too long for a row, packed. A price with thousands of periods repeats itself a lot."""

import base64
import zlib
from typing import Final

_LONG: Final = 100_000
_MARK: Final = "zlib:"  # no JSON begins like this


def packed(text: str) -> str:
    """`text` as it is stored: as it is, or if it is long, compressed to about a tenth."""
    if len(text) < _LONG:
        return text
    return _MARK + base64.b85encode(zlib.compress(text.encode())).decode()


def unpacked(stored: str) -> str:
    """What `packed` was given."""
    if not stored.startswith(_MARK):
        return stored
    return zlib.decompress(base64.b85decode(stored.removeprefix(_MARK))).decode()
