"""The app's log records: one way, with the operator and the reference they are about."""

import logging
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from shared.telemetry import call_span, span, stop
from tests.unit.sessions.platform_messages import GLN
from tests.unit.telemetry.watched import Watched, watching

LOG = logging.getLogger("shared.delivery.something")
CHATTY = ("azure", "aiohttp", "httpx", "urllib3", "msal")


class Platform(logging.Handler):
    """The handler by which the platform's worker takes what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        self.taken.append(record.getMessage())


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """It sits at the root, which takes information too; libraries are as they come."""
    handler, root = Platform(), logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


def test_a_record_goes_one_way_only(watched: Watched, platform: Platform) -> None:
    LOG.warning("ours")
    logging.getLogger("azure.servicebus").warning("a library's")
    assert [record.log_record.body for record in watched.log_records()] == ["ours"]
    assert platform.taken == ["a library's"]


def test_once_telemetry_is_stopped_records_go_the_platforms_way_again(watched: Watched, platform: Platform) -> None:
    stop()
    LOG.warning("ours")
    assert (watched.log_records(), platform.taken) == ([], ["ours"])


def test_chatter_of_libraries_is_left_out(platform: Platform) -> None:
    with watching() as watched:
        for name in CHATTY:
            logging.getLogger(f"{name}.something").info("chatter")
        LOG.debug("ours, but nothing that matters")
        assert (watched.log_records(), platform.taken) == ([], [])


def test_a_record_says_what_it_is_about_if_it_was_told(watched: Watched) -> None:
    LOG.info("done", extra={"gln": GLN, "reference": "1032427936"})
    [record] = watched.log_records()
    assert dict(record.log_record.attributes or {}) == {"gln": GLN, "reference": "1032427936"}
    assert (record.log_record.severity_text, record.instrumentation_scope.name) == ("INFO", LOG.name)  # type: ignore[union-attr]


def test_else_what_the_span_is_about_and_it_is_part_of_its_trace(watched: Watched) -> None:
    with span("delivery", gln=GLN, reference="1032427936"):
        LOG.info("on the way")
    [record] = watched.log_records()
    assert dict(record.log_record.attributes or {}) == {"gln": GLN, "reference": "1032427936"}
    context = watched.span("delivery").get_span_context()
    assert context is not None
    assert (record.log_record.trace_id, record.log_record.span_id) == (context.trace_id, context.span_id)


def test_also_where_the_trace_is_not_kept_and_in_a_call_out() -> None:
    with watching(sampler=ALWAYS_OFF) as watched:
        with span("delivery", gln=GLN) as told:
            told.tell(reference="1032427936")
            with call_span("send-line", host="api.utilitycloud.app"):
                LOG.info("on the way")
        LOG.info("elsewhere")
        about = [dict(record.log_record.attributes or {}) for record in watched.log_records()]
    assert watched.spans() == []
    assert about == [{"gln": GLN, "reference": "1032427936"}, {}]
