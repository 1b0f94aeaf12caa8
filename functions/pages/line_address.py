"""Where a line's page is."""

from urllib.parse import quote


def line_address(gln: str, transaction_id: str) -> str:
    """Its path."""
    return f"/integrations/{gln}/deliveries/{quote(transaction_id, safe='')}"
