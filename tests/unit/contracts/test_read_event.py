"""What Utility Cloud says is read strictly, and what cannot be read is refused by field and fault."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.event import ContractEvent, IgnoredEvent, PoisonEvent, read_event
from shared.drivers import Stated, StatementKind
from tests.unit.contracts.events import ENQUEUED, EVENTS, UNSET, envelope, event, sample

IDENTIFICATION = "Payload.Contract.AccountingPoint.Identification"
DETAILS = "Payload.Contract.AccountingPoint.Details"
NO_SITES: tuple[object, ...] = (
    *("garage 7", "", " 7", "7 ", "+7", "-7", "7.0", "0x7", "1e3", "\uff17", "\u0667", "7_0", "1" * 19, "{0}", "{x}"),
    *(7.0, 7.5, 1e3, True, False, [], {}, [7]),
)


def read(document: object, **given: Any) -> ContractEvent:
    found = read_event(envelope(document, **given))
    assert isinstance(found, ContractEvent)
    return found


def poison(document: object, **given: Any) -> PoisonEvent:
    with pytest.raises(PoisonEvent) as refused:
        read_event(envelope(document, **given))
    return refused.value


def ignored(document: object, **given: Any) -> IgnoredEvent:
    found = read_event(envelope(document, **given))
    assert isinstance(found, IgnoredEvent)
    return found


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_sample_is_read_as_its_name_says(path: Any) -> None:
    document = path.read_bytes()
    match path.stem.split("-")[0]:
        case "contract":
            read(document)
        case "ignored":
            ignored(document)
        case _ if path.stem == "poison-unknown-gln":
            read(document)  # only the register of operators knows
        case "poison":
            assert poison(document).field == f"{DETAILS}.PrivateSiteId"


def test_an_event_is_read_with_all_that_it_says() -> None:
    found = read(sample("contract-activated-with-rfid-and-site"), sequence=17)
    assert (found.gln, found.accounting_point, found.event_name) == (
        "7080000000005",
        "707057500000000025",
        "ContractActivated",
    )
    statement = found.statement
    assert statement.kind is StatementKind.ACTIVATED
    assert statement.at == datetime(2026, 1, 15, 9, 31, tzinfo=UTC)
    assert statement.sequence == 17
    assert statement.contract_id == "C-1002"
    assert statement.product_code == Stated(value="LADEABO")
    assert statement.rfid == Stated(value="04A1B2C3D4")
    assert statement.site_id == Stated(value=4012)


@pytest.mark.parametrize(
    ("document", "field", "fault"),
    [
        (b"", "body", "is not JSON"),
        (b"{", "body", "is not JSON"),
        (b"\xff\xfe{}", "body", "is not JSON"),
        (b"NaN", "body", "is not JSON"),
        (b'{"Header": {"TenantID": NaN}}', "body", "is not JSON"),
        (b'{"Header": {}, "Header": {}}', "body", "same name twice"),
        (b'{"Header": {"TenantID": "\\ud800"}}', "body", "surrogate"),
        (b"[" * 100_000, "body", "is not JSON"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "body", "is not JSON"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "body", "is not JSON"),
        (b"[]", "body", "is not a JSON object"),
        (b'"ContractActivated"', "body", "is not a JSON object"),
        (b"null", "body", "is not a JSON object"),
        ({}, "Header.EventName", "is missing"),
        (event(header_EventName=UNSET), "Header.EventName", "is missing"),
        (event(header_EventName=""), "Header.EventName", "is missing"),
        (event(header_EventName=7), "Header.EventName", "is missing"),
        (event(header_ServiceType=UNSET), "Header.ServiceType", "is missing"),
        (event(header_ServiceType=None), "Header.ServiceType", "is not 'ChargingAgreement'"),
        (event(header_ServiceType=5), "Header.ServiceType", "is not 'ChargingAgreement'"),
        (event(header_ServiceType=["ChargingAgreement"]), "Header.ServiceType", "is not 'ChargingAgreement'"),
        (event(header_TenantID=UNSET), "Header.TenantID", "is missing"),
        (event(header_TenantID=None), "Header.TenantID", "is not a text"),
        (event(header_TenantID=7080000000005), "Header.TenantID", "is not a text"),
        (event(header_TenantID=""), "Header.TenantID", "is empty"),
        (event(header_TenantID="7080000000006"), "Header.TenantID", "check digit is wrong: 6 stands where 5 should"),
        (event(header_TenantID="708000000000"), "Header.TenantID", "a GLN has 13 digits"),
        (event(header_TenantID="٧٠٨٠٠٠٠٠٠٠٠٠٥"), "Header.TenantID", "a GLN has 13 digits"),
        (event(header_TenantID="operators"), "Header.TenantID", "a GLN has 13 digits"),
        (event(header_Timestamp="yesterday"), "Header.Timestamp", "must be a time"),
        (event(header_Timestamp=""), "Header.Timestamp", "must be a time"),
        (event(header_Timestamp=1768469400), "Header.Timestamp", "must be a time"),
        (event(header_Timestamp="2026-01-15T09:30:00"), "Header.Timestamp", "has no offset"),
        (event(header_Timestamp="2026-02-30T09:30:00Z"), "Header.Timestamp", ""),
        (event(header_Timestamp="0001-01-01T00:00:00+14:00"), "Header.Timestamp", "1970 to 2999"),
        (event(header_Timestamp="9999-12-31T23:59:59Z"), "Header.Timestamp", "1970 to 2999"),
        ({"Header": event()["Header"]}, "Payload", "is missing"),
        (event() | {"Payload": []}, "Payload", "is not an object"),
        (event() | {"Payload": {"Contract": None}}, "Payload.Contract", "is not an object"),
        (event(contract_AccountingPoint=UNSET), "Payload.Contract.AccountingPoint", "is missing"),
        (event(contract_AccountingPoint="7070575"), "Payload.Contract.AccountingPoint", "is not an object"),
        (event(point_Identification=UNSET), IDENTIFICATION, "is missing"),
        (event(point_Identification=None), IDENTIFICATION, "is not a text"),
        (event(point_Identification=707057500000000018), IDENTIFICATION, "is not a text"),
        (event(point_Identification=""), IDENTIFICATION, "is empty"),
        (event(point_Identification="7" * 65), IDENTIFICATION, "more than 64 characters"),
        (event(point_Details=[]), DETAILS, "is not an object"),
        (event(contract_Product="LADEABO"), "Payload.Contract.Product", "is not an object"),
        (event(contract_Product={"ProductCode": ["a"]}), "Payload.Contract.Product.ProductCode", "is not a text"),
        (event(contract_ContractID={}), "Payload.Contract.ContractID", "is not a text"),
        (event(contract_ContractID=True), "Payload.Contract.ContractID", "is not a text"),
        *((event(details_PrivateSiteId=value), f"{DETAILS}.PrivateSiteId", "is not an integer") for value in NO_SITES),
        (event(details_PrivateSiteId=-7), f"{DETAILS}.PrivateSiteId", "greater than or equal to 0"),
        (event(details_PrivateSiteId=10**18), f"{DETAILS}.PrivateSiteId", "less than"),
        (event(details_Rfid="0" * 21), f"{DETAILS}.Rfid", "more than 20 characters"),
        (event(details_Rfid=4), f"{DETAILS}.Rfid", "is not a text"),
        (event(details_Rfid=" 04A1"), f"{DETAILS}.Rfid", "begins or ends with a blank"),
        (event(details_Rfid="04A1\n"), f"{DETAILS}.Rfid", "printable ASCII"),
        (event(details_Rfid="04Å1"), f"{DETAILS}.Rfid", "printable ASCII"),
        (event(details_Rfid=["04A1"]), f"{DETAILS}.Rfid", "is not a text"),
    ],
)
def test_poison_names_its_field_and_its_fault(document: object, field: str, fault: str) -> None:
    refused = poison(document)
    assert refused.field == field
    assert fault in refused.fault
    assert str(refused) == f"{field}: {refused.fault}"
    assert len(refused.fault) < 200


def test_poison_names_its_operator_and_its_accounting_point_where_it_can() -> None:
    refused = poison(event(details_PrivateSiteId="garage"))
    assert (refused.gln, refused.reference) == ("7080000000005", "707057500000000018")
    refused = poison(event(header_TenantID="7080000000006"))
    assert (refused.gln, refused.reference) == ("7080000000006", "707057500000000018")
    for tenant in ("a/b#c?", "7" * 14, 7080000000005, None):
        assert poison(event(header_TenantID=tenant)).gln is None
    for identification in ("", "7" * 65, 7, None):
        assert poison(event(point_Identification=identification, details_Rfid=7)).reference is None


@pytest.mark.parametrize(
    "document",
    [
        event(header_ServiceType="Electricity"),
        event(header_ServiceType="chargingagreement"),
        event(header_ServiceType=""),
        event("TPContractCreated"),
        event("contractactivated"),
        {"Header": {"ServiceType": "Electricity"}},
        {"Header": {"EventName": "TPContractCreated"}},
        event("ContractActivated", header_ServiceType="Electricity", details_Rfid="0" * 99),
    ],
)
def test_what_is_of_another_service_or_name_is_ignored_however_the_rest_looks(document: object) -> None:
    assert ignored(document).reason


def test_the_event_name_is_taken_from_the_header_then_the_property_then_the_subject() -> None:
    places: list[tuple[str, str]] = [
        ("EventName", "ContractTerminated"),
        ("EventType", "ContractUpdated"),
        ("property", "ContractActivated"),
        ("subject", "ContractTerminated"),
    ]
    for given in range(1, 16):
        named = {place: name for bit, (place, name) in enumerate(places) if given >> bit & 1}
        document = event(header_EventName=named.get("EventName", UNSET), header_EventType=named.get("EventType", UNSET))
        properties = {"EventName": named["property"]} if "property" in named else {}
        found = read(document, properties=properties, subject=named.get("subject"))
        assert found.event_name == next(iter(named.values()))


@pytest.mark.parametrize("nothing", [None, "", 7, [], {}])
def test_a_place_that_names_no_event_is_passed_over(nothing: object) -> None:
    document = event(header_EventName=nothing, header_EventType=nothing)
    found = read(document, properties={"EventName": nothing}, subject="ContractUpdated")
    assert found.statement.kind is StatementKind.UPDATED


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-15T09:30:00Z", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        ("2026-01-15T10:30:00+01:00", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        ("2026-01-14T23:30:00-10:00", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        ("2026-01-15T09:30:00.1234567Z", datetime(2026, 1, 15, 9, 30, 0, 123456, tzinfo=UTC)),
        ("2026-01-15T09:30:00.9999999+00:00", datetime(2026, 1, 15, 9, 30, 0, 999999, tzinfo=UTC)),
        ("2026-01-15T09:30:00.5Z", datetime(2026, 1, 15, 9, 30, 0, 500000, tzinfo=UTC)),
        ("2026-01-15T09:30Z", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        ("2026-01-15 09:30:00Z", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_read_with_its_offset_and_to_the_microsecond(text: str, at: datetime) -> None:
    assert read(event(at=text)).statement.at == at


@pytest.mark.parametrize("timestamp", [UNSET, None])
def test_without_a_timestamp_the_time_of_enqueueing_counts(timestamp: object) -> None:
    found = read(event(header_Timestamp=timestamp), enqueued_at=ENQUEUED)
    assert found.statement.at == ENQUEUED


@pytest.mark.parametrize(("value", "site_id"), [(123, 123), ("123", 123), (0, 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_a_site_is_an_integer_or_a_text_of_digits(value: object, site_id: int) -> None:
    assert read(event(details_PrivateSiteId=value)).statement.site_id == Stated(value=site_id)


def test_null_is_kept_apart_from_absent() -> None:
    said = read(event(details_Rfid=None, details_PrivateSiteId=None, contract_Product=None)).statement
    assert [said.rfid, said.site_id, said.product_code] == [Stated(value=None)] * 3
    said = read(event(contract_Product={"ProductCode": None})).statement
    assert said.product_code == Stated(value=None)
    said = read(event(contract_Product=UNSET)).statement
    assert [said.rfid, said.site_id, said.product_code] == [None] * 3
    assert read(event(contract_Product={"Attributes": {}})).statement.product_code is None


@pytest.mark.parametrize("details", [UNSET, None, {}])
def test_details_that_say_nothing_change_nothing(details: object) -> None:
    said = read(event(point_Details=details)).statement
    assert (said.rfid, said.site_id) == (None, None)


def test_an_empty_rfid_is_none() -> None:
    assert read(event(details_Rfid="")).statement.rfid == Stated(value=None)


@pytest.mark.parametrize(("value", "contract_id"), [("C-1", "C-1"), (1001, "1001"), ("", None), (None, None)])
def test_a_contract_id_may_be_a_number_and_may_be_missing(value: object, contract_id: str | None) -> None:
    assert read(event(contract_ContractID=value)).statement.contract_id == contract_id


@pytest.mark.parametrize("rfid", ["0", "04A1B2C3D4", "v:ABC", "04 A1", "0" * 20, "a'b\"c\\/#?%~|"])
def test_an_rfid_is_any_printable_text_of_20_characters_at_most(rfid: str) -> None:
    assert read(event(details_Rfid=rfid)).statement.rfid == Stated(value=rfid)


def test_fields_that_nobody_knows_may_say_anything() -> None:
    document = event(header_EventID=17, header_Extra=[None, {"a": 1.5e-9}], details_Note={"Rfid": 5}, contract_x="😀")
    document["model_config"] = document["__class__"] = 1
    assert read(document).accounting_point == "707057500000000018"


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b"\xef\xbb\xbf" + json.dumps(event()).encode()).gln == "7080000000005"
