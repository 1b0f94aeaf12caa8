"""Masks secrets in what is written down."""

import re

MASK = "***"
_SECRET_NAMES = r"client_?secret|api_?key|x-api-key|authorization|access_?token|password|key"  # noqa: S105  names, not secrets
_IN_JSON = re.compile(rf'("(?:{_SECRET_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_IN_FORM = re.compile(rf"((?:^|&)(?:{_SECRET_NAMES})=)[^&]*", re.IGNORECASE)


def redacted(text: str) -> str:
    """`text`, JSON or an HTML form, with the values of secret fields masked and all else as it was."""
    return _IN_FORM.sub(rf"\g<1>{MASK}", _IN_JSON.sub(rf'\g<1>"{MASK}"', text))
