"""Utility Cloud: the import of invoice lines, and the adapter for meter values."""

from dataclasses import dataclass

from local.sandbox.exchange import Answer, Arrival, Target, json_answer
from local.sandbox.field_types import FieldFault, as_answer
from local.sandbox.invoice_line import line_faults
from local.sandbox.memory import Memory
from local.sandbox.meter_series import series_faults
from local.sandbox.tokens import Tokens

INVOICE_LINES = "/se/invoicelineimport/v1/transaction"
METER_VALUES = "/v1/se/general-mv-adapter/CreateMeterValuesSeries"


@dataclass
class UtilityCloud:
    """Stores what it accepts in `memory`; who sends must hold one of `tokens`.

    A `tenant` header says for which operator the request is, else the token does. A line is looked up among its
    operator's own.
    """

    memory: Memory
    tokens: Tokens

    def target_of(self, path: str) -> Target | None:
        if path == INVOICE_LINES or path.startswith(INVOICE_LINES + "/"):
            return "invoice-line"
        return "meter-values" if path == METER_VALUES else None

    def operator_of(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("tenant") or self.tokens.bearer(arrival.headers)

    def answer(self, arrival: Arrival) -> Answer:
        transaction_id = _transaction_id(arrival.path)
        if transaction_id is None and arrival.path not in (INVOICE_LINES, METER_VALUES):
            return json_answer(404, {"message": "Nothing is served here"})
        allowed = "POST" if transaction_id is None else "GET"
        if arrival.method != allowed:
            return json_answer(405, {"message": f"Only {allowed} is allowed here"}, allow=allowed)
        if self.tokens.bearer(arrival.headers) is None:
            message = "A valid bearer token is required"
            return json_answer(401, {"message": message}, www_authenticate='Bearer error="invalid_token"')
        if transaction_id is not None:
            return self._find_line(arrival, transaction_id)
        if arrival.not_json is not None:
            return json_answer(400, as_answer([FieldFault("(body)", f"is not JSON: {arrival.not_json}")]))
        return self._store_line(arrival) if arrival.path == INVOICE_LINES else self._store_series(arrival)

    def answer_fault(self, status: int, *, retry_after: int | None) -> Answer:
        message = {"message": f"The sandbox was told to answer {status}"}
        if retry_after is None:
            return json_answer(status, message)
        return json_answer(status, message, retry_after=str(retry_after))

    def _store_line(self, arrival: Arrival) -> Answer:
        if faults := line_faults(arrival.document):
            return json_answer(400, as_answer(faults))
        transaction_id = arrival.document["transactionId"]
        self.memory.store_line(gln=self.operator_of(arrival), transaction_id=transaction_id, body=arrival.body)
        return json_answer(201, {"transactionId": transaction_id})

    def _find_line(self, arrival: Arrival, transaction_id: str) -> Answer:
        line = self.memory.line(gln=self.operator_of(arrival), transaction_id=transaction_id)
        if line is None:
            return json_answer(404, {"message": "No such transaction"})
        return Answer(status=200, body=line.body)

    def _store_series(self, arrival: Arrival) -> Answer:
        if faults := series_faults(arrival.document):
            return json_answer(400, as_answer(faults))
        self.memory.store_series(gln=self.operator_of(arrival), body=arrival.body)
        return json_answer(201, {"TransactionId": arrival.document["TransactionId"]})


def _transaction_id(path: str) -> str | None:
    """What follows the address of the lines; None if nothing does. It may hold slashes of its own."""
    return path.removeprefix(INVOICE_LINES + "/") or None if path.startswith(INVOICE_LINES + "/") else None
