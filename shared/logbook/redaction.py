"""Masks secrets in what is written down."""

import re

MASK = "***"
_NAMES = (
    r"(?:client_?)?secret|client_?assertion|(?:x-)?api[-_]?key|authorization|password|key"
    r"|(?:access|refresh|id)_?token|shared_?access_?(?:key|signature)|account_?key"
)
_IN_JSON = re.compile(rf'("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE | re.DOTALL)
# JSON that stands as a text in JSON.
_IN_QUOTED_JSON = re.compile(rf'(\\"(?:{_NAMES})\\"\s*:\s*)\\"(?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))*\\"', re.IGNORECASE)
# Forms, query strings, connection strings.
_IN_PAIRS = re.compile(rf'((?:^|[?&;])(?:{_NAMES}|sig)=)[^&;\s"]*', re.IGNORECASE)
_BEARER = re.compile(r"(\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text`, JSON, a form or a sentence, with the values of secret fields masked and all else as it was."""
    text = _IN_JSON.sub(rf'\g<1>"{MASK}"', text)
    text = _IN_QUOTED_JSON.sub(rf'\g<1>\\"{MASK}\\"', text)
    text = _IN_PAIRS.sub(rf"\g<1>{MASK}", text)
    return _BEARER.sub(rf"\g<1>{MASK}", text)
