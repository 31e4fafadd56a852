"""A broker of MQTT: one connection, kept up for ever; the only module here that knows the library's own errors."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt

from hems.config.tables.outward import BrokerTable
from hems.model.errors import HemsError
from hems.northbound import files

log = logging.getLogger(__name__)
# Every failure is told once and in a sentence; the library would log each of them again.
logging.getLogger("mqtt").setLevel(logging.CRITICAL)

CONNECT_S = 5.0
KEEPALIVE_S = 15
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
BAD_LOGIN = (4, 5, 134, 135)
"""What MQTT 3.1.1 and 5 say to a wrong name or password."""

Connection = aiomqtt.Client
Message = aiomqtt.Message
MqttError = aiomqtt.MqttError


class NoBroker(HemsError):
    """It does not let us in, or no longer; try again later."""


@asynccontextmanager
async def connected(
    broker: BrokerTable, will: tuple[str, str] | None = None, *, within_s: float = CONNECT_S
) -> AsyncIterator[Connection]:
    """One connection; `will` is the topic and payload that the broker tells, retained, when we are gone.

    Raises: NoBroker with one sentence, also when the connection breaks inside.
    """
    where = f"{broker.host}:{broker.port or (8883 if broker.secure else 1883)}"
    name, password = files.login(broker.login) if broker.login else (None, None)
    context = await asyncio.to_thread(files.tls, broker.ca, broker.cert, broker.key) if broker.secure else None
    client = aiomqtt.Client(
        broker.host,
        broker.port or (8883 if broker.secure else 1883),
        keepalive=KEEPALIVE_S,
        timeout=within_s,
        tls_context=context,
        username=name,
        password=password,
        will=aiomqtt.Will(will[0], will[1], qos=1, retain=True) if will else None,
    )
    client.pending_calls_threshold = 1000  # a whole building is told in one go
    try:
        async with client:
            yield client
    except aiomqtt.MqttError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # the library hides a cancellation behind its own error at times
            raise asyncio.CancelledError from error
        raise NoBroker(explained(error, where, broker)) from error


def explained(error: Exception, where: str, broker: BrokerTable) -> str:
    """What is wrong, and what to do about it."""
    code = getattr(error, "rc", None)
    if (code if isinstance(code, int) else getattr(code, "value", None)) in BAD_LOGIN:
        remedy = f"Correct {files.located(broker.login)}" if broker.login else "Name a file with login in the file"
        return f"The broker at {where} does not accept the name and password. {remedy}."
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        why = str(error).partition("verify failed: ")[2].partition(" (_ssl")[0]
        remedy = "Renew it" if "expired" in why else "Correct ca or host"
        return f"The certificate of the broker at {where} is not to be trusted ({why}). {remedy}."
    if "alert" in str(error) or "EOF occurred" in str(error) or "eset by peer" in str(error):
        return f"The broker at {where} hangs up on us ({error}). It may want another certificate: see cert and key."
    if broker.cert and "timed out" in str(error):  # in TLS 1.3 a broker's refusal of a certificate comes too late
        ours = files.located(broker.cert)
        return f"The broker at {where} says nothing. Has {ours} expired? openssl x509 -enddate -noout -in {ours} tells."
    return f"No connection to the broker at {where}: {files.why_not(error)}. Look whether it runs and can be reached."


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all of them until the first one ends, and end the others.  Raises: what that one raises."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def kept_up(
    serve: Callable[[], Awaitable[None]],
    *,
    first_pause_s: float = FIRST_PAUSE_S,
    longest_pause_s: float = LONGEST_PAUSE_S,
) -> None:
    """Serve again and again, with growing pauses while it fails; each new trouble is told once."""
    loop, pause_s, told = asyncio.get_running_loop(), first_pause_s, ""
    while True:
        began_s = loop.time()
        try:
            await serve()
        except (NoBroker, files.Unusable) as trouble:
            if str(trouble) != told:
                log.warning("%s", trouble)
                told = str(trouble)
        if loop.time() - began_s > longest_pause_s:
            pause_s, told = first_pause_s, ""
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, longest_pause_s)
