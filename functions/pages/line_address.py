"""Where a line's page is."""

from functions.pages.segment import segment


def line_address(gln: str, transaction_id: str) -> str:
    """Its path."""
    return f"/integrations/{gln}/deliveries/{segment(transaction_id)}"
