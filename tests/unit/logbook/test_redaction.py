"""Secrets are masked in whatever form they pass, and nothing else is touched."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.logbook import Direction, log_entry
from shared.logbook.redaction import redacted
from tests.unit.logbook.entries import AT

SECRET = "s3cr3t/Value+with=signs"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "clientSecret",
            "client_secret",
            "CLIENT_SECRET",
            "secret",
            "apiKey",
            "api_key",
            "x-api-key",
            "Authorization",
        ),
        *(
            "access_token",
            "accessToken",
            "refresh_token",
            "id_token",
            "password",
            "Password",
            "key",
            "client_assertion",
        ),
    ],
)
def test_a_secret_is_masked_in_json_in_json_within_json_in_a_form_and_in_a_query(name: str) -> None:
    document = json.dumps({"before": "kept", name: SECRET, "after": "kept too"})
    for text in (
        document,
        json.dumps({"before": "kept", name: SECRET, "after": "kept too"}, indent=2),
        json.dumps({"body": document}),
        f"before=kept&{name}={SECRET}&after=kept too",
        f"{name}={SECRET}&before=kept&after=kept too",
        f"https://example.net/token?{name}={SECRET}&before=kept&after=kept too",
        f"Endpoint=kept;{name}={SECRET};After=kept too",
    ):
        assert SECRET not in redacted(text)
        assert "***" in redacted(text)
        assert "kept" in redacted(text)
        assert "kept too" in redacted(text)


@given(st.text(min_size=1))
def test_a_secret_of_any_letters_is_masked_and_the_document_stays_json(secret: str) -> None:
    document = {"grant": "x", "clientSecret": secret, "list": [{"apiKey": secret}], "end": 1}
    masked = {"grant": "x", "clientSecret": "***", "list": [{"apiKey": "***"}], "end": 1}
    for ensure_ascii in (True, False):
        assert json.loads(redacted(json.dumps(document, ensure_ascii=ensure_ascii))) == masked
    within = json.loads(redacted(json.dumps({"body": json.dumps(document)})))
    assert json.loads(within["body"]) == masked


@pytest.mark.parametrize(
    "text",
    [
        '{"keyId":"k-1","monkey":"banana","tokens":[{"uid":"04A1"}],"authorizedTag":"04A1","token":"04A1"}',
        '{"ContractID":"C-1","Details":{"Rfid":"04A1B2C3D4"}}',
        "the bearer of this card",
        "a=1&b=2",
        "",
    ],
)
def test_what_is_no_secret_stays_as_it_was(text: str) -> None:
    assert redacted(text) == text


def test_a_bearer_token_is_masked_wherever_it_stands() -> None:
    assert redacted("refused: Bearer eyJ0eXAi.eyJhdWQi.sig-na_ture") == "refused: Bearer ***"


def test_payload_answer_and_message_of_an_entry_are_masked_also_where_they_are_no_text() -> None:
    entry = log_entry(
        at=AT,
        direction=Direction.OUT,
        endpoint="token",
        action="token",
        message=f"refused: client_secret={SECRET}"[9:],
        payload=f"client_secret={SECRET}".encode() + b"&x=\xff\xfe",
        answer=json.dumps({"access_token": SECRET}),
    )
    assert SECRET not in str(entry)
    assert entry.payload == "client_secret=***&x=��"


def test_a_long_text_of_quotes_and_backslashes_is_masked_in_no_time() -> None:
    for text in (
        '"key":"' + "\\" * 200_000,
        '\\"key\\":\\"' + '\\\\"' * 100_000,
        '"key"' + " " * 200_000,
        "&key=" * 50_000,
    ):
        redacted(text)
