"""The failures that a test has asked for."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from local.sandbox.exchange import Target


class Fault(BaseModel):
    """One failure: what it hits and what then happens. A filter that is absent lets everything through.

    `times` absent: until it is removed. `seconds` and `retry_after` are seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

    target: Target
    kind: Literal["status", "delay", "cut-after-store", "cut-before-store"]
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    retry_after: Annotated[int, Field(ge=0)] | None = None
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    gln: str | None = None
    method: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "status" and self.status is None:
            raise ValueError("a fault of the kind status needs a status")
        if self.kind == "delay" and self.seconds is None:
            raise ValueError("a fault of the kind delay needs seconds")
        return self

    def meets(self, *, gln: str | None, method: str) -> bool:
        return self.gln in (None, gln) and (self.method is None or self.method.upper() == method)


@dataclass(slots=True)
class _Counted:
    fault: Fault
    left: int | None


@dataclass
class FaultList:
    """The faults in the order in which they were asked for, used up ones included."""

    _all: list[_Counted] = field(default_factory=list)
    _waiting: list[_Counted] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        counted = _Counted(fault, fault.times)
        self._all.append(counted)
        self._waiting.append(counted)

    def take(self, *, target: Target, gln: str | None, method: str) -> Fault | None:
        """The oldest fault with times left that this request meets, counted as used once; None if there is none."""
        for counted in self._waiting:
            if counted.fault.target == target and counted.fault.meets(gln=gln, method=method):
                if counted.left is not None:
                    counted.left -= 1
                    if counted.left == 0:
                        self._waiting.remove(counted)
                return counted.fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        """Every fault as it was asked for, `times` being what is left: 0 if used up, None if without end."""
        return [
            counted.fault.model_dump(by_alias=True, exclude_none=True) | {"times": counted.left}
            for counted in self._all
        ]

    def clear(self) -> None:
        self._all.clear()
        self._waiting.clear()
