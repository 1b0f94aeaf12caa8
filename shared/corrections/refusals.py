"""Why a line is not credited or corrected. Whenever one of these is raised, nothing was written."""


class TransactionUnknown(Exception):
    """There is no line of this id."""

    def __init__(self, *, transaction_id: str) -> None:
        super().__init__(f"there is no transaction {transaction_id}")
        self.transaction_id = transaction_id


class NotInForce(Exception):
    """The line is a credit, or was credited, replaced or withdrawn before. `in_force` is the one to name instead."""

    def __init__(self, *, transaction_id: str, why: str, in_force: str | None = None) -> None:
        instead = f"the line in force is {in_force}" if in_force else "no line of its session is in force any more"
        super().__init__(f"{transaction_id} {why}; {instead}")
        self.transaction_id = transaction_id
        self.in_force = in_force


class CreditRefused(Exception):
    """The line is of a kind that cannot be credited. Says what to do instead."""

    def __init__(self, *, transaction_id: str) -> None:
        super().__init__(
            f"{transaction_id} is a series of meter values, which Utility Cloud prices and nothing credits: correct it "
            "to what is right, to consumptionKWh 0 if nothing is"
        )
        self.transaction_id = transaction_id


class CorrectionRefused(Exception):
    """The corrected line cannot be written as things are. Says why."""

    def __init__(self, *, transaction_id: str, why: str) -> None:
        super().__init__(f"{transaction_id} is not corrected: {why}")
        self.transaction_id = transaction_id
        self.why = why
