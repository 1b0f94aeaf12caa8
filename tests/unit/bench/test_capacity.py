"""The numbers of the cost sheet are those that are counted, and what its formulas make of them."""

import json
import re
from datetime import timedelta
from typing import Final

import pytest

from bench.operations import TIMERS, runs_a_month, timer_name
from bench.operations.counted import Measure
from shared.charging_platform.platform import PAGE
from shared.charging_platform.sweep import MOST_PAGES
from shared.charging_platform.sweep_state import FIRST_LOOK_BACK, OVERLAP
from shared.delivery import ATTEMPTS_AT_ONCE
from shared.operators.operator import BUCKETS
from shared.reconciliation.asking import ASKED_A_SECOND
from shared.retention.purge import RUNS_FOR
from shared.storage.old_stories import _AT_ONCE as PURGED_AT_ONCE
from tests.infra.bicep import read_templates
from tests.infra.project import INFRA, deployed
from tests.unit.bench.capacity_sheet import (
    DOCUMENT,
    RATES,
    SIZES,
    cold,
    counted,
    name_in,
    number,
    reckoned,
    table,
    tables,
)

OF_COLUMNS: Final = {
    "rows read": Measure.ROWS_READ,
    "rows written": Measure.ROWS_WRITTEN,
    "bytes read": Measure.BYTES_READ,
    "bytes written": Measure.BYTES_WRITTEN,
    "bytes more stored": Measure.STORED,
    "messages": Measure.MESSAGES,
    "HTTP calls out": Measure.CALLS,
    "bytes in them": Measure.CALL_BYTES,
}
OPERATIONS: Final = "storage operations: point reads + queries + commits"
TOLD: Final = ("spans", "log records", "rows of metrics")
TOLD_BYTES: Final = ("bytes in spans and log records", "bytes in rows of metrics")
EXACT: Final = 0.006  # as far as two decimals show
# How long something took stands in the log, in one digit or in two.
BYTES: Final = 0.02
THREE_DIGITS: Final = 0.006
NAMED_MODULES: Final = ("function-app", "monitoring", "network", "service-bus")


def test_each_thing_that_happens_costs_what_is_counted() -> None:
    for line in table("with caches run out"):
        it = counted()[line["what"]]
        parts = [number(part) for part in line[OPERATIONS].partition(": ")[2].split(" + ")]
        assert parts == pytest.approx([it[each] for each in Measure][:3], abs=EXACT), line
        assert number(line[OPERATIONS]) == pytest.approx(it.storage_operations, abs=EXACT), line
        if line["with caches run out"]:
            assert number(line["with caches run out"]) == cold(it.name).storage_operations, line
        for column, measure in OF_COLUMNS.items():
            room = BYTES if "bytes" in column else 0
            assert number(line[column]) == pytest.approx(it[measure], rel=room, abs=max(EXACT, 3 * room)), (
                column,
                line,
            )


def test_what_is_told_of_each_thing_is_what_is_counted() -> None:
    lines = {line["what is told"]: line for line in table("what is told")}
    for name, line in lines.items():
        it = counted()[name]
        in_bytes = [it[Measure.SPAN_BYTES] + it[Measure.LOG_BYTES], it[Measure.METRIC_BYTES]]
        assert [number(line[each]) for each in TOLD] == [it[Measure.SPANS], it[Measure.LOG_LINES], it[Measure.METRICS]]
        assert [number(line[each]) for each in TOLD_BYTES] == pytest.approx(in_bytes, rel=BYTES), line
    whole = {name for name in counted() if name.endswith(": all") or ", caches run out" in name}
    up_to_the_stop = {f"session, meter values: {step}" for step in ("tag shown", "start", "a reading")}
    told = (Measure.SPANS, Measure.LOG_LINES, Measure.METRICS)
    telling = {name for name, it in counted().items() if any(it[each] for each in told)}
    assert telling - whole - up_to_the_stop == lines.keys()


def test_everything_that_is_counted_is_in_the_sheet() -> None:
    shown = {line["what"] for line in table("with caches run out")}
    timers = {f"idle run of {name_in(line['timer'])}" for line in table("runs a month")}
    assert {
        name
        for name in counted()
        if not name.endswith((": all", "each further operator")) and ", caches run out" not in name
    } - {"session, meter values: tag shown", "session, meter values: start", "session, meter values: a reading"} == (
        shown | timers
    )


@pytest.mark.parametrize("step", ["tag shown", "start", "a reading"])
def test_up_to_the_stop_a_session_costs_the_same_in_both_modes(step: str) -> None:
    costed, metered = counted()[f"session, costed: {step}"], counted()[f"session, meter values: {step}"]
    # How long the driver waited stands in it, in more digits or fewer.
    assert metered.tally == pytest.approx(costed.tally, rel=BYTES)


def test_each_timer_costs_what_is_counted() -> None:
    lines = {name_in(line["timer"]): line for line in table("runs a month")}
    assert list(lines) == [timer_name(timer) for timer in TIMERS]
    for timer in TIMERS:
        line, name = lines[timer_name(timer)], f"idle run of {timer_name(timer)}"
        one, further = counted()[name], counted()[f"{name}, each further operator"]
        assert number(line["runs a month"]) == runs_a_month(timer)
        assert number(line["storage operations a run"]) == pytest.approx(one.storage_operations, abs=EXACT)
        assert number(line["for each further operator"]) == pytest.approx(further.storage_operations, abs=EXACT)
        assert number(line["peeks at Service Bus"]) == one[Measure.PEEKS]
        assert number(line["HTTP calls out"]) == one[Measure.CALLS]
        of_a_month = one.storage_operations * runs_a_month(timer)
        assert number(line["storage operations a month"]) == pytest.approx(of_a_month, abs=1)


def test_the_worked_months_are_what_the_formulas_make_of_the_counts() -> None:
    worked = [line for lines in tables() if lines and "1,000 sessions" in lines[0] for line in lines]
    assert len(worked) > 12
    for head, sessions in SIZES.items():
        found = reckoned(sessions)
        for line in worked:
            assert number(line[head]) == pytest.approx(found[name_in(line["name"])], rel=THREE_DIGITS), (head, line)


def test_a_session_more_takes_what_a_month_takes_for_each() -> None:
    found, double = reckoned(1_000), reckoned(2_000)
    for line in table("how many"):
        assert number(line["how many"]) == pytest.approx(found[name_in(line["name"])], rel=THREE_DIGITS), line
    of_a_month = {"operations_each": "storage_warm", "executions_each": "executions", "calls_each": "http_calls_out"}
    for each, month in of_a_month.items():
        assert found[each] == pytest.approx((double[month] - found[month]) / 1_000), each


def test_what_is_used_up_at_each_rate_is_what_the_formulas_make_of_the_counts() -> None:
    lines = table("1 a second")
    assert len(lines) > 9
    for head, sessions in RATES.items():
        found = reckoned(sessions)
        for line in lines:
            assert number(line[head]) == pytest.approx(found[name_in(line["name"])], rel=THREE_DIGITS), (head, line)


def test_the_parts_of_the_cost_are_all_of_it() -> None:
    lines = {name_in(line["name"]): line for line in table("a month, USD")}
    parts = list(lines)[: list(lines).index("usd")]
    for head, sessions in SIZES.items():
        found = reckoned(sessions)
        assert sum(found[part] for part in parts) == pytest.approx(found["usd"])
        assert found["usd"] < found["usd_at_worst"] < 3 * found["usd"], head


def test_every_price_is_the_one_that_has_a_source() -> None:
    found = reckoned(1_000)
    stated = {name_in(line["variable"]): number(line["USD"]) for line in table("variable")}
    assert stated == {name: value for name, value in found.items() if name.startswith("p_")}


def test_what_is_paid_for_is_what_is_deployed() -> None:
    found, infra = reckoned(1_000), DOCUMENT.parents[1] / "infra"
    production = json.loads((infra / "stages.json").read_text("utf-8"))["production"]
    modules = {name: (infra / "modules" / f"{name}.bicep").read_text("utf-8") for name in NAMED_MODULES}
    assert found["ready_instances"] == production["alwaysReadyHttp"] + production["alwaysReadyContractEvents"]
    assert found["most_instances"] == production["maximumInstances"]
    assert production["stateReplication"] == "Standard_GZRS"
    assert f"instanceMemoryMB: {1024 * found['instance_gb']}" in modules["function-app"]
    assert f"mostTakenInADayInGb = {found['daily_cap_gb']}" in modules["monitoring"]
    assert found["endpoints"] == len(re.findall(r"groupId: '", modules["network"]))
    assert found["namespaces"] == len(re.findall(r"ServiceBus/namespaces@\S+ = \{", modules["service-bus"]))


def test_the_alerts_that_are_paid_for_are_those_that_are_deployed() -> None:
    found, stack = reckoned(1_000), deployed(read_templates(INFRA), "production")
    searches, metrics = (
        stack.of_type(f"Microsoft.Insights/{kind}") for kind in ("scheduledQueryRules", "metricAlerts")
    )
    price = {"PT5M": "p_alert_5", "PT10M": "p_alert_10", "PT15M": "p_alert_15", "PT1H": "p_alert_15"}
    cost = sum(found[price[search.at("properties.evaluationFrequency")]] for search in searches)
    cost += found["p_metric"] * len(metrics) + found["p_series"] * (found["failing"] - 1)
    assert found["usd_alerts"] == pytest.approx(cost)
    (said,) = [line["a month, USD"] for line in table("a month, USD") if name_in(line["name"]) == "usd_alerts"]
    assert (said, len(searches), len(metrics)) == ("eight alerts", 6, 2)


def test_what_a_lost_region_costs_is_left_to_the_page_that_says_it() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert "[recovery.md](recovery.md)" in text.partition("## What is not in here")[2]
    assert (DOCUMENT.parent / "recovery.md").exists()


def test_the_limits_are_what_the_formulas_make_of_the_counts() -> None:
    found = reckoned(1_000)
    for line in table("what sets it"):
        assert number(line["a second"]) == pytest.approx(found[name_in(line["name"])], rel=THREE_DIGITS), line


def test_the_formulas_stand_on_what_the_system_is_set_to() -> None:
    found, sweeps_every = reckoned(1_000), timedelta(minutes=10)
    assert found["partitions"] == BUCKETS
    assert found["deliveries_process"] * found["utility_cloud_answers_in"] == pytest.approx(ATTEMPTS_AT_ONCE)
    assert found["reconciled_operator"] == ASKED_A_SECOND
    looks_back = OVERLAP + sweeps_every
    assert found["swept_operator"] * looks_back.total_seconds() == pytest.approx(MOST_PAGES * PAGE)
    assert found["sweep_pages"] == 1_000 * (OVERLAP / sweeps_every + FIRST_LOOK_BACK.days) / PAGE
    work_ms = RUNS_FOR.total_seconds() * 1_000 * PURGED_AT_ONCE
    assert found["purge_ms"] * found["purged_a_night"] == pytest.approx(work_ms)


def test_the_numbers_in_the_text_are_so_too() -> None:
    month, idle = reckoned(1_000), reckoned(1e-9)
    million, one_a_second, most = reckoned(1_000_000), reckoned(RATES["1 a second"]), reckoned(RATES["10,000 a second"])
    of_time_and_log = (million["usd_flex"] + million["usd_log"]) / million["usd"]
    timers = month["timers"]
    runs = sum(timer.runs for timer in timers)
    by_name = {timer.name: timer for timer in timers}
    of_one_more = {timer.name: timer.runs * timer.further for timer in timers}
    said = [
        f"**{month['stops_operator']:.0f} stops a second**, or {month['sessions_operator']:.0f} whole sessions",
        f"beyond {month['sessions_bus']:.0f} sessions a second",
        f"beyond {month['sessions_account']:.0f} sessions a second over all operators",
        f"Standard includes last for {_three(month['sessions_included'])} sessions a month",
        f"has {_three(month['purged_a_night'])} operations to do, and keeps up only while one takes less than "
        f"{month['purge_ms']:.1f} ms",
        f"{_three(idle['gb_s_shared'])} GB-s and {idle['log_gb']:.3f} GB of log a month with no session",
        f"would save {75 * by_name['retry_deliveries'].runs / runs:.0f} % of the runs",
        f"{sum(of_one_more.values()):,.0f} idle storage operations a month, {of_one_more['send_notices']:,.0f} of them",
        f"{month['always_ready']:.1f} USD for each always-ready instance",
        f"a body of {counted()['session, costed: delivery'][Measure.CALL_BYTES]:,.0f} bytes a line",
        f"**A million sessions cost {million['usd']:.0f} USD a month**, {million['usd'] / 1e4:.3f} cents each",
        f"Flex Consumption and the log are {100 * of_time_and_log:.0f} % of it",
        f"Private endpoints add {_three(million['usd_private'] - million['usd'])} USD to any month",
        f"as it lasts: {_three(month['usd_flooded'])} USD in a month, {month['usd_flooded'] / 30:.0f} in a day",
        f"is all {month['most_instances']} instances busy",
        f"beyond {one_a_second['rate'] / one_a_second['used_log']:.2f} sessions a second telemetry stops",
        f"acknowledges {month['stops_benched']} stops, or brings {month['sessions_benched']} sessions to Utility Cloud",
        f"a stop takes at most {2_000 / month['stops_benched']:.0f} ms of processor time and a session "
        f"{2_000 / month['sessions_benched']:.0f} ms",
        f"some operators each: {most['used_account']:.0f}, for the storage account's sake "
        f"({most['used_instances']:.0f} by the careful reckoning of instances)",
        f"needs {most['used_partitions'] * most['partitions']:.0f} partitions instead of {most['partitions']}",
        f"Utility Cloud has {most['utility_cloud_at_once']:,.0f} requests under way",
        f"the first column of Flex is {100 * idle['gb_s_shared'] / month['gb_s_shared']:.0f} % timers",
    ]
    text = DOCUMENT.read_text("utf-8")
    assert [sentence for sentence in said if sentence not in text] == []


def test_what_the_benchmark_did_is_what_its_own_page_says() -> None:
    page, found = (DOCUMENT.parent / "performance.md").read_text("utf-8"), reckoned(1_000)
    assert f"| stops acknowledged, 16 at a time | {found['stops_benched']} stops/s |" in page
    assert f"| stop to line, answered at once | {found['sessions_benched']} sessions/s |" in page


def test_the_daily_cap_is_beside_what_a_day_takes() -> None:
    idle, million = (reckoned(sessions)["log_gb"] / 30 for sessions in (1e-9, 1_000_000))
    module = (DOCUMENT.parents[1] / "infra" / "modules" / "monitoring.bicep").read_text("utf-8")
    in_the_module = f"An idle system sends {idle:.2f} GB a day, one with a million sessions a month {million:.1f} GB"
    assert in_the_module in module.replace("\n// ", " ")
    telemetry = (DOCUMENT.parent / "telemetry.md").read_text("utf-8")
    assert f"an idle system sends {idle:.2f} and one with a million sessions a month {million:.1f}." in telemetry


def test_the_shares_of_the_timers_are_those_of_their_runs() -> None:
    lines = {name_in(line["timer"]): number(line["share of the runs"]) for line in table("without it")}
    runs = {timer_name(timer): runs_a_month(timer) for timer in TIMERS}
    shares = {name: 100 * count / sum(runs.values()) for name, count in runs.items()}
    assert lines == pytest.approx(shares, abs=0.06)


def _three(value: float) -> str:
    """Three digits of a large number."""
    digits = len(f"{value:.0f}") - 3
    return f"{round(value, -digits):,.0f}"
