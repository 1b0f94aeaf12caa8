"""What the stack gives its services: settings that the app takes, a key, aligned output, an Azurite that remembers."""

import io
import json
import stat
from pathlib import Path

from azure.data.tables import TableServiceClient

from local.stack import TABLES, Ports, running
from local.stack.admin_key import key_hash, platform_admin_key
from local.stack.app_settings import app_settings
from local.stack.console import Console, wants_colour
from local.stack.process import PROJECT
from shared.settings import read_settings
from tests.asked_settings import AskedSettings

EXAMPLE = json.loads((PROJECT / "local.settings.example.json").read_text())
OF_THE_HOST = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "AzureWebJobsDisableHomepage"}
OF_AZURE = {"WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME", "WEBSITE_AUTH_ENABLED"}


def test_the_app_takes_the_settings_of_the_stack(tmp_path: Path) -> None:
    values = app_settings(ports=Ports(sandbox=7999), state=tmp_path, admin_key="key")
    settings = read_settings(values)
    assert settings.utility_cloud_invoice_line_url == "http://127.0.0.1:7999/se/invoicelineimport/v1/transaction"
    assert settings.platform_admin_key_hash == key_hash("key")


def test_the_example_lists_every_setting_that_the_app_reads_and_no_other() -> None:
    watched = AskedSettings(EXAMPLE["Values"])
    read_settings(watched)
    assert watched.asked - OF_AZURE == EXAMPLE["Values"].keys() - OF_THE_HOST


def test_where_a_setting_has_a_default_the_example_states_it() -> None:
    endings = ("Schedule", "PerKey")
    values = {name: value for name, value in EXAMPLE["Values"].items() if not name.endswith(endings)}
    assert len(values) < len(EXAMPLE["Values"])
    assert read_settings(values) == read_settings(EXAMPLE["Values"])


def test_the_example_and_the_stack_agree(tmp_path: Path) -> None:
    own = {"PlatformAdminKeyHash", "EntraCaBundle"}
    stack = app_settings(ports=Ports(), state=tmp_path, admin_key="key")
    example = EXAMPLE["Values"]
    assert {name: example[name] for name in stack.keys() - own} == {name: stack[name] for name in stack.keys() - own}


def test_the_platform_admin_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    key = platform_admin_key(state=tmp_path / "new")
    assert len(key) >= 43
    assert platform_admin_key(state=tmp_path / "new") == key
    assert platform_admin_key(state=tmp_path / "other") != key
    assert stat.S_IMODE((tmp_path / "new" / "platform-admin-key").stat().st_mode) == 0o600


def test_lines_stand_aligned_behind_their_service_and_are_coloured_only_where_wanted() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    for stream, colour in ((plain, False), (coloured, True)):
        console = Console(("tables", "service-bus"), stream=stream, colour=colour)
        console.write("tables", "up")
        console.write("service-bus", "up too")
        console.write("demo", "as it is")
    assert plain.getvalue() == "tables      | up\nservice-bus | up too\nas it is\n"
    assert coloured.getvalue() == "\x1b[36mtables      | \x1b[0mup\n\x1b[33mservice-bus | \x1b[0mup too\nas it is\n"


def test_colour_is_for_terminals_whose_owner_has_not_asked_for_plain_text() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert wants_colour(Terminal(), {})
    assert not wants_colour(Terminal(), {"NO_COLOR": "1"})
    assert not wants_colour(io.StringIO(), {})


def test_azurite_keeps_what_was_written_last_when_it_is_stopped(tmp_path: Path) -> None:
    def entities(stack_ports: Ports, *, write: bool) -> list[str]:
        with (
            running(state=tmp_path, ports=stack_ports, only={TABLES}) as stack,
            TableServiceClient.from_connection_string(stack.table_storage) as client,
        ):
            table = client.create_table_if_not_exists("kept")
            if write:
                table.create_entity({"PartitionKey": "p", "RowKey": "last"})
            return [entity["RowKey"] for entity in table.query_entities("PartitionKey eq 'p'")]

    ports = Ports.free()
    assert entities(ports, write=True) == ["last"]
    assert entities(ports, write=False) == ["last"]


def test_azurite_in_memory_writes_nothing(tmp_path: Path) -> None:
    with (
        running(state=tmp_path, in_memory_tables=True, only={TABLES}) as stack,
        TableServiceClient.from_connection_string(stack.table_storage) as client,
    ):
        client.create_table("kept")
    assert [path.name for path in tmp_path.iterdir()] == ["platform-admin-key"]
