"""The runner starts services in order, waits for them, stops them in reverse, and hides no death."""

import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from local.stack.faults import PortsUnusable, ServiceEnded, ServiceSilent
from local.stack.ports import taken
from local.stack.runner import Runner
from local.stack.service import Port, Service
from tests.stack.stack_runner_stand_ins import Journal, alive, stand_in, until


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def happened(journal: Journal, *, what: str) -> list[str]:
    return [line.split()[0] for line in journal.lines() if line.split(maxsplit=1)[1].startswith(what)]


def test_a_service_starts_only_when_those_before_it_listen_and_all_stop_in_reverse_order(journal: Journal) -> None:
    services = [
        stand_in("third", journal, after=("second",)),
        stand_in("first", journal),
        stand_in("second", journal, after=("first",)),
    ]
    with Runner(services):
        seen = [line for line in journal.lines() if line.endswith(("started", "listening"))]
        assert seen == [f"{name} {what}" for name in ("first", "second", "third") for what in ("started", "listening")]
    assert happened(journal, what="stopped by SIGTERM") == ["third", "second", "first"]


def test_services_that_need_not_wait_for_each_other_start_at_the_same_time(journal: Journal) -> None:
    # Each listens only once the other has started: one after the other, neither would ever answer.
    one = stand_in("one", journal, "only-after=other started")
    other = stand_in("other", journal, "only-after=one started")
    with Runner([one, other]):
        assert journal.has("one listening")
        assert journal.has("other listening")


def test_a_service_that_is_not_part_of_this_stack_is_not_waited_for(journal: Journal) -> None:
    with Runner([stand_in("alone", journal, after=("absent",))]):
        assert journal.has("alone listening")


def test_a_service_that_listens_but_is_unwell_is_waited_for(journal: Journal) -> None:
    with Runner([stand_in("patient", journal, "unwell-twice", health=True)]):
        answers = [line for line in journal.lines() if "answered" in line]
        assert answers == ["patient answered 503 Unwell", "patient answered 503 Unwell", "patient answered 200 OK"]


def test_a_service_that_ends_while_starting_is_named_with_its_last_words_and_the_rest_is_stopped(
    journal: Journal,
) -> None:
    services = [stand_in("sound", journal), stand_in("broken", journal, "exits=3", after=("sound",))]
    with pytest.raises(ServiceEnded) as caught, Runner(services):
        pytest.fail("a stack without its second service must not be handed out")
    assert (caught.value.name, caught.value.code) == ("broken", 3)
    assert caught.value.last_lines == ("hello from broken", "the reason is here")
    assert "broken ended with exit code 3" in str(caught.value)
    assert "the reason is here" in str(caught.value)
    assert journal.has("sound stopped by SIGTERM")


def test_a_program_that_does_not_exist_is_said_by_name(journal: Journal) -> None:
    absent = Service(name="absent", command=("./no-such-program",))
    with pytest.raises(ServiceEnded, match="no-such-program"), Runner([absent, stand_in("sound", journal)]):
        pytest.fail("there is nothing to run")


def test_a_service_that_never_answers_is_named_in_time_and_the_rest_is_stopped(journal: Journal) -> None:
    services = [stand_in("sound", journal), stand_in("silent", journal, "mute", after=("sound",))]
    with pytest.raises(ServiceSilent, match="silent did not answer within 3 s") as caught, Runner(services, patience=3):
        pytest.fail("a stack without its second service must not be handed out")
    assert "hello from silent" in str(caught.value)
    assert happened(journal, what="stopped") == ["silent", "sound"]


def test_a_service_that_dies_later_ends_the_wait_and_the_rest_is_stopped(journal: Journal) -> None:
    def serve_until_one_is_killed() -> None:
        with Runner([stand_in("sound", journal), stand_in("victim", journal)]) as runner:
            os.kill(journal.number("victim", "pid"), signal.SIGKILL)
            runner.wait()

    with pytest.raises(ServiceEnded) as caught:
        serve_until_one_is_killed()
    assert (caught.value.name, caught.value.code) == ("victim", 128 + signal.SIGKILL)
    assert "victim was killed by signal 9" in str(caught.value)
    assert journal.has("sound stopped by SIGTERM")


@pytest.mark.parametrize("consequence", [None, ConnectionError("no answer")])
def test_a_death_that_nobody_waited_for_is_told_all_the_same(journal: Journal, consequence: Exception | None) -> None:
    def use_after_death() -> None:
        with Runner([stand_in("victim", journal)]) as runner:
            os.kill(runner.pids()["victim"], signal.SIGKILL)
            until(lambda: not runner.pids())
            if consequence is not None:
                raise consequence

    with pytest.raises((ServiceEnded, ConnectionError)) as caught:
        use_after_death()
    told = [str(caught.value), *getattr(caught.value, "__notes__", [])]
    assert any("victim was killed by signal 9" in text for text in told)
    assert caught.value is consequence or consequence is None


def test_a_stubborn_service_is_killed_with_all_it_started_once_its_grace_is_over(journal: Journal) -> None:
    with Runner([stand_in("mule", journal, "stubborn", "has-child", grace=0.2)]):
        pids = journal.pids()
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
    until(lambda: not any(alive(pid) for pid in pids))


def test_a_service_whose_guard_was_killed_does_not_outlive_it(journal: Journal) -> None:
    def serve_until_the_guard_is_killed() -> None:
        with Runner([stand_in("orphan", journal, "has-child")]) as runner:
            os.kill(psutil.Process(runner.pids()["orphan"]).ppid(), signal.SIGKILL)
            runner.wait()

    with pytest.raises(ServiceEnded, match="orphan"):
        serve_until_the_guard_is_killed()
    until(lambda: not any(alive(pid) for pid in journal.pids()))


def test_each_service_is_stopped_with_the_signal_that_it_wants(journal: Journal) -> None:
    with Runner([stand_in("node", journal, stop_signal=signal.SIGINT)]):
        pass
    assert journal.has("node stopped by SIGINT")


@pytest.mark.timeout(60)
def test_a_service_that_knows_interrupt_alone_stops_even_when_we_were_started_deaf_to_it() -> None:
    command = (sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)")
    plain = Service(name="plain", command=command, stop_signal=signal.SIGINT, grace=600)
    # What a shell does to everything that it starts in the background.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Runner([plain]) as runner:
            until(lambda: "plain" in runner.pids())
    finally:
        signal.signal(signal.SIGINT, before)


def test_one_service_can_be_killed_and_started_again_while_the_others_go_on(journal: Journal) -> None:
    services = [stand_in("steady", journal), stand_in("crasher", journal)]
    with Runner(services) as runner:
        steady, first = journal.number("steady", "pid"), journal.number("crasher", "pid")
        runner.kill("crasher")
        assert not alive(first)
        assert not journal.has("crasher stopped by SIGTERM")
        runner.start("crasher")
        assert journal.number("crasher", "pid") != first
        runner.stop("crasher")
        assert journal.has("crasher stopped by SIGTERM")
        assert alive(steady)


def test_a_program_beside_the_stack_runs_to_its_end_and_its_failure_is_a_fault(journal: Journal) -> None:
    def program(code: int) -> Service:
        command = stand_in("demo", journal, f"exits={code}").command
        return Service(name="demo", command=command, may_end=True)

    def succeed_then_fail() -> None:
        with Runner([stand_in("sound", journal)]) as runner:
            runner.run(program(0))
            assert alive(journal.number("sound", "pid"))
            runner.run(program(4))

    with pytest.raises(ServiceEnded, match="demo ended with exit code 4"):
        succeed_then_fail()
    assert journal.has("sound stopped by SIGTERM")


def test_every_line_is_handed_on_with_its_service(journal: Journal) -> None:
    heard: list[tuple[str, str]] = []
    with Runner([stand_in("a", journal), stand_in("b", journal)], write=lambda *line: heard.append(line)) as runner:
        until(lambda: len(heard) == 2)
        assert runner.lines("a") == ["hello from a"]
    assert sorted(heard) == [("a", "hello from a"), ("b", "hello from b")]


def test_every_unusable_port_is_said_before_anything_is_started(journal: Journal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        services = [
            stand_in("tables", journal, port=listening.getsockname()[1]),
            stand_in("sandbox", journal, port=bound.getsockname()[1]),
            (free := stand_in("functions", journal)),
            stand_in("twin", journal, port=free.listens[0].number),
        ]
        with pytest.raises(PortsUnusable) as caught, Runner(services):
            pytest.fail("nothing may start")
    taken_by_us, only_bound, twice = caught.value.faults
    assert taken_by_us.startswith(f"port {services[0].listens[0].number} of tables is taken by `")
    assert f"(pid {os.getpid()})" in taken_by_us
    assert "TABLES_PORT" in taken_by_us
    assert "SANDBOX_PORT" in only_bound
    assert "both functions and twin (TWIN_PORT)" in twice
    assert journal.lines() == []


def test_a_service_that_runs_elsewhere_is_waited_for_and_left_alone(journal: Journal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = Port(variable="TABLES_PORT", number=elsewhere.getsockname()[1])
        external = Service(name="tables", command=(), listens=(port,))
        with Runner([external, stand_in("functions", journal, after=("tables",))]) as runner:
            assert set(runner.pids()) == {"functions"}
        assert taken(port.number)
    silence = f"nothing listens on 127.0.0.1:{port.number}"
    with pytest.raises(ServiceSilent, match=silence), Runner([external], patience=0.1):
        pytest.fail("it is gone")


def test_ports_can_be_had_again_at_once(journal: Journal) -> None:
    services = [stand_in("again", journal, health=True)]
    for _ in range(3):
        with Runner(services):
            pass
    assert happened(journal, what="listening") == ["again"] * 3
