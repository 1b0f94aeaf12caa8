"""The composition root: which implementation stands behind each port. One of each per process, made on first use."""

from functools import cached_property
from typing import TYPE_CHECKING

from shared.operators import Learning
from shared.sessions import Chronicler, DueWork, Finding, Intake, Resolution, Settlement, Simulation, TwinWatch
from shared.storage.stores import CONFIGURATION, LEDGER
from shared.wiring_of_upkeep import WiringOfUpkeep

if TYPE_CHECKING:
    from shared.charging_platform import ChargingPlatformApi, Sweep, TakeOver
    from shared.contracts import DeadLetterDesk, DeadLetters, Provisioning, Redrive
    from shared.corrections import Corrections, MissingShares
    from shared.measuring import Measuring
    from shared.notices import Notices

__all__ = ["CONFIGURATION", "LEDGER", "Wiring", "use_wiring", "wiring"]


class Wiring(WiringOfUpkeep):
    """Everything that the functions use. Clients are made when they are first asked for, inside the running loop.

    Rooms that a driver at a charger does not wait for are imported then too: a cold start does not pay for them.

    Tests give `settings`, `clock` and `tables` (rows by table name) and replace any other attribute by setting it.
    """

    @cached_property
    def learning(self) -> Learning:
        """Chargers and sites become known."""
        return Learning(directory=self.directory, chargers=self.chargers, sites=self.sites, clock=self.clock)

    @cached_property
    def provisioning(self) -> "Provisioning":
        """Contract events become drivers."""
        from shared.contracts import Provisioning

        return Provisioning(
            operators=self.directory,
            drivers=self.drivers,
            logbook=self.logbook,
            held_sessions=self.settlement,
            clock=self.clock,
            endpoint=self.settings.contract_events_topic,
            count=self.counts.of("contract-events"),
        )

    @cached_property
    def intake(self) -> Intake:
        """Sessions start and are measured."""
        return Intake(
            ledger=self.sessions,
            drivers=self.drivers,
            permissions=self.drivers,
            clock=self.clock,
            count=self.counts.of("sessions"),
        )

    @cached_property
    def settlement(self) -> Settlement:
        """Sessions become lines."""
        return Settlement(
            ledger=self.sessions,
            drivers=self.drivers,
            catalogue=self.directory,
            dispatch=self.dispatch,
            logbook=self.logbook,
            twins=self.twins,
            clock=self.clock,
            count=self.counts.of("stops"),
            count_line=self.counts.of("deliveries"),
        )

    @cached_property
    def twins(self) -> TwinWatch:
        """Sessions under two ids are seen."""
        return TwinWatch(ledger=self.sessions, claims=self.claims, clock=self.clock)

    @cached_property
    def charging_platform(self) -> "ChargingPlatformApi":
        """Where sessions and sites can be asked for."""
        from shared.charging_platform import ChargingPlatformApi

        return ChargingPlatformApi(client=self.clients.http, secrets=self.secrets, clock=self.clock)

    @cached_property
    def sweep(self) -> "Sweep":
        """Sessions that were never notified are found."""
        from shared.charging_platform import Sweep, TakingIn

        taking_in = TakingIn(
            known=self.known_sessions,
            stories=self.sessions,
            settlement=self.settlement,
            learning=self.learning,
            logbook=self.logbook,
            clock=self.clock,
            count=self.counts.of("sweep"),
        )
        return Sweep(
            operators=self.directory,
            platform=self.charging_platform,
            taking_in=taking_in,
            twins=self.twins,
            states=self.sweep_states,
            logbook=self.logbook,
            clock=self.clock,
        )

    @cached_property
    def take_over(self) -> "TakeOver":
        """Sites become what the charging platform has."""
        from shared.charging_platform import TakeOver

        return TakeOver(
            operators=self.directory,
            platform=self.charging_platform,
            sites=self.sites,
            states=self.take_over_states,
            logbook=self.logbook,
            clock=self.clock,
            changed=self.configuration_changed,
        )

    @cached_property
    def resolution(self) -> Resolution:
        """People decide on sessions."""
        return Resolution(ledger=self.sessions, drivers=self.drivers, settlement=self.settlement, clock=self.clock)

    @cached_property
    def corrections(self) -> "Corrections":
        """People credit and correct lines."""
        from shared.corrections import Corrections

        return Corrections(
            ledger=self.sessions,
            outbox=self.outbox,
            drivers=self.drivers,
            catalogue=self.directory,
            dispatch=self.dispatch,
            clock=self.clock,
            count=self.counts.of("corrections"),
            count_line=self.counts.of("deliveries"),
        )

    @cached_property
    def missing_shares(self) -> "MissingShares":
        """Lines that went without their revenue share's id."""
        from shared.corrections import MissingShares

        return MissingShares(lines=self.lines, catalogue=self.directory, clock=self.clock)

    @cached_property
    def simulation(self) -> Simulation:
        """Sessions are priced again."""
        return Simulation(stories=self.sessions, catalogue=self.directory)

    @cached_property
    def finding(self) -> Finding:
        """People look a name up."""
        return Finding(ledger=self.sessions, drivers=self.drivers, chargers=self.chargers)

    @cached_property
    def chronicler(self) -> Chronicler:
        """People are told a story."""
        return Chronicler(
            stories=self.sessions,
            lines=self.lines,
            drivers=self.drivers,
            permissions=self.drivers,
            logbook=self.logbook,
        )

    @cached_property
    def due_work(self) -> DueWork:
        """What is due is done."""
        return DueWork(
            operators=self.directory,
            agenda=self.outbox,
            relay=self.relay,
            settlement=self.settlement,
            clock=self.clock,
        )

    @cached_property
    def dead_letters(self) -> "DeadLetters":
        """Contract events that the broker gave up."""
        from shared.contracts import ServiceBusDeadLetters

        return ServiceBusDeadLetters(
            client=self.clients.service_bus,
            topic=self.settings.contract_events_topic,
            subscription=self.settings.contract_events_subscription,
            clock=self.clock,
        )

    @cached_property
    def redrive(self) -> "Redrive":
        """Dead letters are tried again."""
        from shared.contracts import Redrive

        return Redrive(
            dead_letters=self.dead_letters,
            provisioning=self.provisioning,
            operators=self.directory,
            clock=self.clock,
        )

    @cached_property
    def dead_letter_desk(self) -> "DeadLetterDesk":
        """People look at dead letters."""
        from shared.contracts import DeadLetterDesk

        return DeadLetterDesk(
            dead_letters=self.dead_letters,
            provisioning=self.provisioning,
            operators=self.directory,
            logbook=self.logbook,
            clock=self.clock,
        )

    @cached_property
    def notices(self) -> "Notices":
        """Operators are told of what needs a person."""
        from shared.notices import Looking, Notices, NoticeSender

        looking = Looking(
            ledger=self.concerns,
            blockades=self.blockades,
            reconciliations=self.reconciliations,
            dead_letters=lambda: self.dead_letters,
        )
        return Notices(
            operators=self.directory,
            looking=looking,
            store=self.notice_rows,
            secrets=self.secrets,
            sender=NoticeSender(client=self.clients.http, allow_local=self.settings.allow_local_addresses),
            logbook=self.logbook,
            clock=self.clock,
            page=self.settings.public_address,
        )

    @cached_property
    def measuring(self) -> "Measuring":
        """What waits is told."""
        from shared.measuring import Measuring

        return Measuring(
            operators=self.directory,
            backlogs=self.measured_rows,
            blockades=self.blockades,
            dead_letters=lambda: self.dead_letters,
            subscription=self.settings.contract_events_subscription,
            clock=self.clock,
        )

    async def configuration_changed(self, gln: str) -> None:
        """An operator's configuration was changed here: what is cached of it is forgotten, and what waited for the
        change is settled.
        """
        self.directory.forget(gln)
        operator = await self.directory.operator(gln)
        if operator is not None:
            self.background.start(
                self.settlement.settle_held_for_configuration(operator=operator),
                name="settling sessions that waited for a change",
            )


_current: Wiring | None = None


def wiring() -> Wiring:
    """The process's wiring, made when first asked for."""
    global _current  # noqa: PLW0603  one per process is what it is for
    if _current is None:
        _current = Wiring()
        _current.watch()
    return _current


def use_wiring(replacement: Wiring | None) -> None:
    """Puts another wiring in place; None: one from the environment when next asked for. Does not close the old one."""
    global _current  # noqa: PLW0603  as above
    _current = replacement
