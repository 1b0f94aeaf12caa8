"""Plants a fault in a text, so that a check is seen to find it."""


class PlantIsStale(Exception):
    """What a plant replaces is not there, or not once: of the check that it tries, nothing is known."""

    def __init__(self, *, where: str, old: str, times: int) -> None:
        super().__init__(
            f"the planted fault is stale, and the check that it tries was not tried: {where} has {old!r} {times} times,"
            " and a plant replaces what stands there once. Plant the fault in what stands there now"
        )
        self.where = where
        self.old = old
        self.times = times


def planted(text: str, old: str, new: str, *, where: str) -> str:
    """`text` with `new` in the place of `old`. Raises PlantIsStale unless `old` stands in it just once."""
    if text.count(old) != 1:
        raise PlantIsStale(where=where, old=old, times=text.count(old))
    return text.replace(old, new)
