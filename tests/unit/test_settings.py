"""Settings are read at once, and all that is wrong is told at once, without the values."""

from datetime import timedelta

import pytest

from shared.settings import SettingsFaulty, read_settings

GOOD = {
    "ContractEventsTopic": "utilitycloudcontracteventstest",
    "ServiceBusConnection": "Endpoint=sb://x;",
    "TableStorage": "UseDevelopmentStorage=true",
    "KeyVaultUri": "https://operators.vault.azure.net",
}


def test_what_is_not_set_has_its_default() -> None:
    settings = read_settings(GOOD)
    assert settings.contract_events_subscription == "connector"
    assert settings.deliveries_queue == "deliveries"
    assert settings.entra_authority == "https://login.microsoftonline.com"
    assert settings.utility_cloud_invoice_line_url == "https://api.utilitycloud.app/se/invoicelineimport/v1/transaction"
    assert settings.utility_cloud_meter_values_url.endswith("/v1/se/general-mv-adapter/CreateMeterValuesSeries")
    assert [span.total_seconds() for span in settings.delivery_retry_schedule] == [
        30,
        120,
        600,
        1800,
        3600,
        10800,
        21600,
    ]
    assert (settings.log_retention.days, settings.line_retention.days) == (400, 2557)
    assert not settings.allow_development_sign_in
    assert not settings.allow_local_addresses
    assert settings.platform_admin_key_hash is None


def test_nothing_set_names_everything_that_is_missing() -> None:
    with pytest.raises(SettingsFaulty) as refused:
        read_settings({})
    assert set(refused.value.faults) == {"ContractEventsTopic", "TableStorage", "ServiceBusConnection", "KeyVaultUri"}
    assert all(name in str(refused.value) for name in refused.value.faults)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EntraAuthority", "http://login.microsoftonline.com"),
        ("EntraAuthority", "login"),
        ("PlatformAdminKeyHash", "s3cr3t"),
        ("PlatformAdminKeyHash", "A" * 64),
        ("DeliveryRetrySchedule", "PT30S,soon"),
        ("DeliveryRetrySchedule", "PT30S,,PT1M"),
        ("DeliveryRetrySchedule", "PT0S"),
        ("DeliveryRetrySchedule", "30"),
        ("DeliveryRetrySchedule", "PT"),
        ("DeliveryRetrySchedule", "P"),
        ("LogRetention", "400"),
        ("LogRetention", "PT0S"),
        ("LogRetention", "P1M"),
        ("LineRetention", "7Y"),
        ("LineRetention", "P0D"),
        ("UtilityCloudInvoiceLineUrl", "http://127.0.0.1:7080/x"),
        ("UtilityCloudMeterValuesUrl", "s3cr3t"),
        ("KeyVaultUri", "s3cr3t"),
        ("AllowLocalSecretStore", "s3cr3t"),
        ("AllowDevelopmentSignIn", "yes"),
        ("RequestsPerMinutePerKey", "0"),
        ("RequestsPerMinutePerKey", "-5"),
        ("RequestsPerMinutePerKey", "٣"),
    ],
)
def test_a_malformed_setting_is_named_and_its_value_is_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsFaulty) as refused:
        read_settings({**GOOD, name: value})
    assert set(refused.value.faults) == {name}
    assert "s3cr3t" not in str(refused.value)


def test_all_faults_come_together() -> None:
    with pytest.raises(SettingsFaulty) as refused:
        read_settings({"DeliveryRetrySchedule": "x", "EntraAuthority": "x", "ServiceBusConnection": "x"})
    assert set(refused.value.faults) == {
        "DeliveryRetrySchedule",
        "EntraAuthority",
        "ContractEventsTopic",
        "TableStorage",
        "KeyVaultUri",
    }


def test_a_setting_that_is_empty_is_not_set() -> None:
    settings = read_settings({**GOOD, "DeliveriesQueue": " ", "PlatformAdminKeyHash": "", "AllowLocalAddresses": ""})
    assert (settings.deliveries_queue, settings.platform_admin_key_hash) == ("deliveries", None)


def test_identities_take_the_place_of_connection_strings() -> None:
    settings = read_settings(
        {
            "ContractEventsTopic": "t",
            "KeyVaultUri": "https://v.vault.azure.net",
            "ServiceBusConnection__fullyQualifiedNamespace": "x.servicebus.windows.net",
            "TableStorage__endpoint": "https://state.table.core.windows.net",
            "TableStorage__clientId": "id",
        }
    )
    assert settings.table_storage is None
    assert settings.table_storage_endpoint == "https://state.table.core.windows.net"


def test_deliveries_wait_in_the_contract_events_namespace_unless_they_have_one_of_their_own() -> None:
    settings = read_settings({**GOOD, "DeliveriesConnection": "", "DeliveriesConnection__clientId": "left over"})
    assert (settings.deliveries_connection, settings.deliveries_client_id) == ("Endpoint=sb://x;", None)
    own = {"DeliveriesConnection__fullyQualifiedNamespace": "d.example", "DeliveriesConnection__clientId": "id"}
    settings = read_settings({**GOOD, **own})
    assert settings.service_bus_connection == "Endpoint=sb://x;"
    assert settings.deliveries_connection is None
    assert (settings.deliveries_namespace, settings.deliveries_client_id) == ("d.example", "id")


def test_a_namespace_for_deliveries_is_none_for_contract_events() -> None:
    without = {name: value for name, value in GOOD.items() if name != "ServiceBusConnection"}
    with pytest.raises(SettingsFaulty) as refused:
        read_settings({**without, "DeliveriesConnection": "Endpoint=sb://x;"})
    assert set(refused.value.faults) == {"ServiceBusConnection"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT0.5S", None), ("PT1H30M", 5400), ("P1DT1S", 86401), ("P30D", 2592000), ("-PT1S", None)]
)
def test_durations_are_iso_8601(text: str, seconds: int | None) -> None:
    if seconds is None:
        with pytest.raises(SettingsFaulty):
            read_settings({**GOOD, "DeliveryRetrySchedule": text})
    else:
        schedule = read_settings({**GOOD, "DeliveryRetrySchedule": text}).delivery_retry_schedule
        assert schedule == (timedelta(seconds=seconds),)


@pytest.mark.parametrize(
    ("text", "days"), [("P7Y", 2557), ("P5Y", 1827), ("P1Y", 366), ("P4Y", 1461), ("P2557D", 2557), ("P1Y30D", 396)]
)
def test_years_are_never_shorter_than_those_of_the_calendar(text: str, days: int) -> None:
    assert read_settings({**GOOD, "LineRetention": text}).line_retention == timedelta(days=days)


@pytest.mark.parametrize("instance", ["WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME"])
@pytest.mark.parametrize("name", ["AllowLocalSecretStore", "AllowLocalAddresses", "AllowDevelopmentSignIn"])
def test_what_is_for_developers_machines_is_refused_on_azure(name: str, instance: str) -> None:
    on_azure = {**GOOD, "KeyVaultUri": "https://v.vault.azure.net", "AllowLocalSecretStore": "", name: "true"}
    assert read_settings(on_azure)
    with pytest.raises(SettingsFaulty) as refused:
        read_settings({**on_azure, instance: "0123"})
    assert set(refused.value.faults) == {name}


def test_groups_say_which_operators_their_members_see() -> None:
    settings = read_settings({**GOOD, "SignInGroups": '{"0F3C": ["7080000000005"], "all": "*"}'})
    assert settings.sign_in_groups == {"0f3c": ("7080000000005",), "all": ("*",)}


@pytest.mark.parametrize(
    "groups", ["[]", "x", '{"a": ["708"]}', '{"a": [7]}', '{"a": 7}', '{"a": "7080000000005"}', '{"a": ["**"]}']
)
def test_groups_that_cannot_be_read_are_told(groups: str) -> None:
    with pytest.raises(SettingsFaulty) as told:
        read_settings({**GOOD, "SignInGroups": groups})
    assert told.value.faults.keys() == {"SignInGroups"}


@pytest.mark.parametrize("of_instance", ["WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME"])
@pytest.mark.parametrize(
    ("said", "instance", "believed"),
    [("True", "i", True), ("True", None, False), (None, "i", False), ("False", "i", False)],
)
def test_the_platforms_sign_in_is_believed_on_azure_alone(
    said: str | None, instance: str | None, believed: bool, of_instance: str
) -> None:
    environ = {
        "WEBSITE_AUTH_ENABLED": said or "",
        of_instance: instance or "",
        "KeyVaultUri": "https://v.example",
    }
    settings = read_settings({**GOOD, "AllowLocalSecretStore": "", "AllowLocalAddresses": "", **environ})
    assert settings.platform_sign_in is believed
