"""A function app for the tests of the local host: each function tells what it was given."""

import asyncio
import base64
import json
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

messages: list[dict[str, object]] = []
timer_runs: list[dict[str, object]] = []
gate = asyncio.Event()
at_the_gate: list[str] = []
slow_requests: list[str] = []


def _json(content: object, *, status_code: int = 200) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(content, default=str), status_code=status_code, mimetype="application/json")


@app.route(route="echo/{number:int}/{*rest}", methods=["GET", "POST", "PUT"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    """What the request looks like from inside."""
    seen = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "query": dict(req.params),
        "route": dict(req.route_params),
        "body": base64.b64encode(req.get_body()).decode(),
        "form": dict(req.form),
    }
    if req.headers.get("content-type") == "application/json":
        seen["json"] = req.get_json()
    return _json(seen)


@app.route(route="greet/{name?}", methods=["GET"])
async def greet(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"hello {req.route_params.get('name', 'whoever you are')}")


@app.route(route="greet/everybody", methods=["GET"])
async def greet_everybody(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"hello all ({req.method})")


@app.route(route="bytes", methods=["POST"])
async def give_bytes(req: func.HttpRequest) -> func.HttpResponse:
    """Its own input, reversed, so that no layer can have decoded it."""
    response = func.HttpResponse(req.get_body()[::-1], status_code=201, mimetype="application/octet-stream")
    response.headers.add("X-Kept", "yes")
    response.headers.add("Set-Cookie", "first=1; Path=/; HttpOnly")
    response.headers.add("Set-Cookie", "second=2; Secure")
    return response


@app.route(route="nothing", methods=["DELETE"])
async def give_nothing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204 if req.method == "DELETE" else 500)


@app.route(route="fail")
async def fail(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError(f"a detail that is nobody's business: {req.method}")


@app.route(route="thread", methods=["GET"])
def in_a_thread(req: func.HttpRequest) -> func.HttpResponse:
    slow_requests.append(req.url)
    time.sleep(float(req.params.get("seconds", "0")))
    return func.HttpResponse(f"{req.method} without a loop of its own")


@app.route(route="slow", methods=["GET"])
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    slow_requests.append(req.url)
    await asyncio.sleep(float(req.params["seconds"]))
    return func.HttpResponse("at last")


@app.route(route="seen", methods=["GET"])
async def seen(req: func.HttpRequest) -> func.HttpResponse:
    lists = {"messages": messages, "timers": timer_runs, "atTheGate": at_the_gate, "slow": slow_requests}
    return _json({**lists, "asked": req.method})


@app.route(route="gate", methods=["POST"])
async def open_gate(req: func.HttpRequest) -> func.HttpResponse:
    """Lets through who waits now; who comes later waits again."""
    gate.set()
    gate.clear()
    return func.HttpResponse(status_code=200 if req.method == "POST" else 500)


@app.service_bus_queue_trigger(arg_name="message", queue_name="%SampleQueue%", connection="SampleServiceBus")
async def from_queue(message: func.ServiceBusMessage) -> None:
    await _receive("from_queue", message)


@app.service_bus_topic_trigger(
    arg_name="message", topic_name="%SampleTopic%", subscription_name="connector", connection="SampleServiceBus"
)
async def from_topic(message: func.ServiceBusMessage) -> None:
    await _receive("from_topic", message)


async def _receive(function: str, message: func.ServiceBusMessage) -> None:
    body = message.get_body()
    messages.append(
        {
            "function": function,
            "body": base64.b64encode(body).decode(),
            "messageId": message.message_id,
            "correlationId": message.correlation_id,
            "subject": message.subject,
            "label": message.label,
            "contentType": message.content_type,
            "deliveryCount": message.delivery_count,
            "sequenceNumber": message.sequence_number,
            "enqueuedTime": message.enqueued_time_utc,
            "expires": message.expires_at_utc,
            "timeToLive": message.time_to_live.total_seconds() if message.time_to_live else None,
            "lockToken": message.lock_token,
            "userProperties": message.user_properties,
            "applicationProperties": message.application_properties,
            "metadata": sorted(message.metadata or {}),
        }
    )
    if body == b"raise":
        raise RuntimeError("this message is poison")
    if body == b"wait":
        at_the_gate.append(message.message_id)
        try:
            await gate.wait()
        finally:
            at_the_gate.remove(message.message_id)
    if body == b"nap":
        await asyncio.sleep(1)


@app.timer_trigger(arg_name="timer", schedule="%SampleSchedule%", run_on_startup=False)
async def now_and_then(timer: func.TimerRequest) -> None:
    run: dict[str, object] = {"pastDue": timer.past_due, "others": sum(run["state"] == "begun" for run in timer_runs)}
    run |= {name: getattr(timer, name) for name in ("schedule", "schedule_status")} | {"state": "begun"}
    timer_runs.append(run)
    await asyncio.sleep(0.2)
    run["state"] = "ended"
