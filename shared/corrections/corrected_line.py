"""The line that takes the place of another: the same engine, site, owner and tag, with what a person changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.billing import CostedLine, Line, MeteredLine
from shared.delivery import payload_of
from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import Operator
from shared.sessions import (
    LONGEST_SERIES,
    Case,
    Catalogue,
    Held,
    charging_of,
    implausibility,
    is_share_missing,
    line_report,
    meter_values,
    stop_as_in,
    tariff_for_lines,
)

from .change import Change
from .places import path_of
from .refusals import CorrectionRefused
from .revenue_share import share_of_corrected
from .standing import Standing

_OF_ITSELF = frozenset({"transactionId", "creditReferenceTransactionId"})


@dataclass(frozen=True, kw_only=True)
class Correcting:
    """A line in force that is to be corrected at `now`."""

    operator: Operator
    standing: Standing
    change: Change
    catalogue: Catalogue
    now: datetime

    async def line(self, *, transaction_id: str) -> Line:
        """The corrected line, in the mode of the one in force, whatever the operator's mode is now.

        Raises DocumentRefused, CorrectionRefused, StorageUnavailable.
        """
        before = self.standing.line
        await self._check_figures()
        line = await self._metered(before) if isinstance(before, MeteredLine) else await self._costed(before)
        line = replace(line, transaction_id=transaction_id, credit_reference=before.transaction_id)
        if _says(line) == _says(before):
            raise self._refused("nothing that Utility Cloud is told would change")
        return line

    @property
    def case(self) -> Case:
        """The session with the figures as they are corrected."""
        change, standing = self.change, self.standing
        line = standing.line
        figures = replace(
            line,
            started_at=change.started_at or line.started_at,
            ended_at=change.ended_at or line.ended_at,
            consumption_kwh=line.consumption_kwh if change.consumption_kwh is None else change.consumption_kwh,
        )
        return Case(
            operator=self.operator,
            session=standing.session,
            stop=stop_as_in(figures, session=standing.session, stop=standing.stop),
            readings=standing.story.readings,
            now=self.now,
        )

    async def _costed(self, before: CostedLine) -> CostedLine:
        case = self.case
        tariff_id = self.change.tariff_id or (before.report.tariff_id if before.report else None)
        if tariff_id is None:
            raise self._refused("which tariff priced it is not known: name one")
        path = await path_of(before.site_id, at=case.stop.started_at, operator=self.operator, catalogue=self.catalogue)
        try:
            tariff = await tariff_for_lines(
                operator=self.operator,
                tariff_id=tariff_id,
                at=case.stop.started_at,
                currency=before.currency,
                catalogue=self.catalogue,
            )
        except Held as held:
            if self.change.tariff_id is not None:
                raise DocumentRefused(FieldFault(field="tariffId", message=str(held))) from held
            raise self._refused(str(held)) from held
        try:
            report = await line_report(case, tariff, path=path, catalogue=self.catalogue)
        except Held as held:
            raise self._refused(str(held)) from held
        amounts = report.rounded
        if amounts is None:
            raise self._refused(f"tariff {tariff.id} gives no amount that a line can state")
        if case.stop.energy_wh == 0 and amounts.incl == 0:
            raise self._refused("it would come to nothing: credit it instead")
        share = await share_of_corrected(
            before, started_at=case.stop.started_at, operator=self.operator, catalogue=self.catalogue, now=self.now
        )
        return replace(
            before,
            started_at=case.stop.started_at,
            ended_at=case.stop.ended_at,
            consumption_kwh=case.stop.energy_wh / 1000,
            vat_percent=amounts.vat_percent,
            total_incl_vat=amounts.incl,
            total_excl_vat=amounts.excl,
            total_vat=amounts.vat,
            revenue_share_id=share.revenue_share_id if share is not None and share.enabled else None,
            revenue_share_missing=is_share_missing(share),
            report=report,
        )

    async def _metered(self, before: MeteredLine) -> MeteredLine:
        if self.change.tariff_id is not None:
            fault = "is for lines that are priced here: this is a series of meter values, which Utility Cloud prices"
            raise DocumentRefused(FieldFault(field="tariffId", message=fault))
        stop = self.case.stop
        if stop.ended_at - stop.started_at > LONGEST_SERIES:
            fault = f"it would last longer than the {LONGEST_SERIES.days} days of which quarter hours can be sent"
            raise DocumentRefused(FieldFault(field=self._field_at_fault, message=fault))
        charging = charging_of(
            self.standing.session, stop, self.standing.story.readings, timezone=self.operator.timezone
        )
        return replace(
            before,
            started_at=stop.started_at,
            ended_at=stop.ended_at,
            consumption_kwh=stop.energy_wh / 1000,
            values=meter_values(charging),
        )

    async def _check_figures(self) -> None:
        """What a person says counts more than what the meter did, but a slip of the pen is found."""
        if not self.change.changes_figures:
            return
        charger = await self.catalogue.charger(self.operator.gln, self.standing.stop.charger_id)
        said = replace(self.case.stop, meter_start_wh=None, meter_end_wh=None, received_at=self.now)
        found = implausibility(said, max_power_kw=charger.max_power_kw if charger else None)
        if found is not None and not (found.may_pass and self.standing.session.accepted):
            raise DocumentRefused(FieldFault(field=self._field_at_fault, message=found.fault))

    @property
    def _field_at_fault(self) -> str:
        change = self.change
        if change.consumption_kwh is not None:
            return "consumptionKWh"
        return "timestampEnd" if change.ended_at is not None else "timestampStart"

    def _refused(self, why: str) -> CorrectionRefused:
        return CorrectionRefused(transaction_id=self.standing.line.transaction_id, why=why)


def _says(line: Line) -> Mapping[str, object]:
    """What Utility Cloud is told, but for which line it is."""
    return {name: value for name, value in payload_of(line).items() if name not in _OF_ITSELF}
