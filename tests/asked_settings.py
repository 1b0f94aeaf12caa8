"""Settings that remember which of them were asked for."""

from collections.abc import Iterator, Mapping


class AskedSettings(Mapping[str, str]):
    """`asked`: every name that was looked for, whether it is there or not."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
