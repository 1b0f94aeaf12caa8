"""What a person types into the form of a correction, as the API takes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from shared.instant import utc_text
from shared.json_documents import DocumentRefused, FieldFault, parse_json

_NUMBER = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,12})?")
_BLANKS = re.compile(r"[\s\u00a0\u202f]")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The texts of the form; an empty one changes nothing."""

    reason: str = ""
    started: str = ""
    ended: str = ""
    energy: str = ""
    tariff: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Typed":
        """Those that were sent."""
        return cls(
            reason=form.get("reason", ""),
            started=form.get("timestampStart", ""),
            ended=form.get("timestampEnd", ""),
            energy=form.get("consumptionKWh", ""),
            tariff=form.get("tariffId", ""),
        )

    def document(self, zone: ZoneInfo) -> dict[str, object]:
        """The body of a correction. Times without an offset are the operator's. Raises DocumentRefused."""
        faults: list[FieldFault] = []
        document: dict[str, object] = {"reason": self.reason}
        for name, text in (("timestampStart", self.started), ("timestampEnd", self.ended)):
            if text:
                try:
                    document[name] = utc_text(instant_of(text, zone))
                except ValueError as error:
                    faults.append(FieldFault(field=name, message=str(error)))
        if self.energy:
            digits = _BLANKS.sub("", self.energy)
            if _NUMBER.fullmatch(digits):
                whole, _, fraction = digits.replace(",", ".").partition(".")
                plain = f"{int(whole)}.{fraction}" if fraction else str(int(whole))
                document["consumptionKWh"] = parse_json(plain.encode())
            else:
                faults.append(FieldFault(field="consumptionKWh", message="must be a number of kWh, such as 12,345"))
        if self.tariff:
            document["tariffId"] = self.tariff
        if not self.reason:
            faults.append(FieldFault(field="reason", message="is required: it is in the log and with the session"))
        if faults:
            raise DocumentRefused(*faults)
        return document


def instant_of(text: str, zone: ZoneInfo) -> datetime:
    """A time as a person types it: `2026-01-15 18:02:11` by the clocks of `zone`, or with an offset or `Z`.

    Raises ValueError, which says what to type, for what is no time, and for one that the clocks skip or show twice.
    """
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a time such as 2026-01-15 18:02:11") from None
    try:
        if typed.utcoffset() is not None:
            return typed.astimezone(UTC)
        first, second = (typed.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except (OverflowError, ValueError):
        raise ValueError("lies outside the calendar") from None
    if first.astimezone(zone).replace(tzinfo=None) != typed:
        raise ValueError("is a time that the clocks skipped that night: type another, or the UTC time with Z")
    if first != second:
        raise ValueError(f"comes twice that night: type {utc_text(first)} for the first, {utc_text(second)} if not")
    return first
