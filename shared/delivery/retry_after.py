"""What `Retry-After` asks for."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)


def retry_after(text: str | None, *, now: datetime) -> timedelta | None:
    """The pause, from seconds or from a date; never more than a day, None if there is none or it makes no sense."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:10])), LONGEST)
    try:
        pause = parsedate_to_datetime(text) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(pause, timedelta()), LONGEST)
