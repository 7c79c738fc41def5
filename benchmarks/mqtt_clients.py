"""What a device costs: our thin client beside bare aiomqtt, at our broker and at Mosquitto.

    .venv/bin/python benchmarks/mqtt_clients.py --devices 1000 --messages 20

Each client and each broker is a process of its own, and CPU time is what the system says of it. All
devices work at once, each with one message under way, QoS 1, about 70 bytes:

    connect   CONNECT, SUBSCRIBE to one topic of its own, one message acknowledged
    publish   one message and its acknowledgement; nobody subscribed to it
    echo      the same on the device's own topic: published, received, both acknowledged

At our broker the first two go to topics that the platform claims and acknowledges itself. Absolute
figures are those of the machine; the ratios are what lasts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import aiomqtt
import psutil
import uvloop

from fleet_sim.mqtt.broker import AllowAll, Arrived, Broker, BrokerEvent, BrokerLimits
from fleet_sim.mqtt.client import (
    Acknowledged,
    ClientOptions,
    ClientSession,
    Connected,
    Received,
    Subscribed,
)
from fleet_sim.runtime.mqtt_client import DeviceConnection, open_connection
from fleet_sim.runtime.platform.mqtt_server import MqttServer

HOST = "127.0.0.1"
PAYLOAD = b'{"id":"1","version":"1.0","params":{"step":"50","desc":"downloading"}}'
CONNECTS_AT_ONCE = 100  # As many as both clients manage without time-outs.
ONE_SOURCE = 2_000  # Devices that come from the default address; a run dials the same way.
MICROS = 1_000_000
PHASES = ("connect", "publish", "echo")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one phase took, in microseconds of CPU a device (connect) or a message."""

    client_us: float
    broker_us: float
    wall_s: float


# --- devices -------------------------------------------------------------------------------


class ThinDevice:
    """Our session and connection, and a future for the phase under way."""

    __slots__ = ("_connection", "_done", "_echoes", "_left", "_number", "_session", "_topic")

    def __init__(self, number: int) -> None:
        self._number = number
        self._session = ClientSession(ClientOptions(f"d{number}"))
        self._connection: DeviceConnection | None = None
        self._done: asyncio.Future[None] | None = None
        self._left = self._echoes = 0
        self._topic = ""

    async def connect(self, port: int) -> None:
        """Connect, subscribe and have one message acknowledged."""
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        self._session.connect()
        # Beyond the first thousands a source of their own, as one address has few ports. It costs
        # a third more CPU to connect, so small fleets do without.
        source = None if self._number < ONE_SOURCE else f"127.0.0.{2 + self._number % 8}"
        self._connection = await open_connection(
            loop, HOST, port, self._session, self, source_address=source
        )
        await self._done

    async def publish(self, count: int, *, is_echo: bool = False) -> None:
        """Publish so many messages, one after the other."""
        self._done = asyncio.get_running_loop().create_future()
        self._topic = f"{'echo' if is_echo else 'up'}/{self._number}"
        self._left, self._echoes = count, count if is_echo else 0
        self._next()
        await self._done

    async def leave(self) -> None:
        """Hang up."""
        assert self._connection is not None
        self._connection.abort()

    def on_bytes(self, data: bytes) -> None:
        """Take what the broker says, and answer."""
        for event in self._session.receive(data, 0):
            match event:
                case Acknowledged():
                    self._next()
                case Received():
                    self._echoes -= 1
                    self._finish()
                case Connected():
                    self._session.subscribe([(f"echo/{self._number}", 1)])
                case Subscribed():
                    self._topic, self._left = f"up/{self._number}", 1
                    self._next()
                case _:
                    raise RuntimeError(f"unexpected: {event}")
        self._write()

    def on_closed(self, why: str) -> None:
        """Nobody should close a device in the midst of a phase."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError(why))

    def _next(self) -> None:
        if self._left:
            self._left -= 1
            self._session.publish(self._topic, PAYLOAD, 1)
            self._write()
        else:
            self._left = -1
            self._finish()

    def _finish(self) -> None:
        if self._left < 0 and self._echoes <= 0 and self._done is not None:
            self._left = 0
            self._done.set_result(None)
            self._done = None

    def _write(self) -> None:
        if self._connection is not None:
            self._connection.write(self._session.take_output())


class AiomqttDevice:
    """The same with the library most people would take."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._client = aiomqtt.Client(HOST, 0, identifier=f"d{number}", timeout=60)

    async def connect(self, port: int) -> None:
        """Connect, subscribe and have one message acknowledged."""
        self._client = aiomqtt.Client(HOST, port, identifier=f"d{self._number}", timeout=60)
        await self._client.__aenter__()
        await self._client.subscribe(f"echo/{self._number}", qos=1)
        await self._client.publish(f"up/{self._number}", PAYLOAD, qos=1)

    async def publish(self, count: int, *, is_echo: bool = False) -> None:
        """Publish so many messages, one after the other."""
        topic = f"{'echo' if is_echo else 'up'}/{self._number}"
        messages = aiter(self._client.messages)
        for _ in range(count):
            await self._client.publish(topic, PAYLOAD, qos=1)
            if is_echo:
                await anext(messages)

    async def leave(self) -> None:
        """Hang up."""
        await self._client.__aexit__(None, None, None)


Device = ThinDevice | AiomqttDevice
RUNNERS = {"thin": uvloop.run, "aiomqtt": asyncio.run}


# --- the process of a client ---------------------------------------------------------------


async def _devices(kind: str, port: int, broker_pid: int, count: int, messages: int) -> None:
    """Run the phases and print their costs and the memory of a device as one JSON line."""
    loop = asyncio.get_running_loop()
    broker = psutil.Process(broker_pid)
    make = ThinDevice if kind == "thin" else AiomqttDevice
    made: list[Device] = [make(number) for number in range(count)]
    gc.collect()
    empty = psutil.Process().memory_full_info().uss
    costs = {}
    units = {"connect": count, "publish": count * messages, "echo": count * messages}
    memory_kib = 0.0
    for phase in PHASES:
        before, wall = (_own_cpu_s(), _cpu_s(broker)), loop.time()
        await _phase(phase, made, port, messages)
        after = (_own_cpu_s(), _cpu_s(broker))
        ours, theirs = ((b - a) * MICROS / units[phase] for a, b in zip(before, after, strict=True))
        costs[phase] = asdict(Cost(ours, theirs, loop.time() - wall))
        if phase == "connect":
            gc.collect()
            memory_kib = (psutil.Process().memory_full_info().uss - empty) / 1024 / count
            gc.freeze()
    for device in made:
        await device.leave()
    sys.stdout.write(json.dumps({"costs": costs, "memory_kib": memory_kib}) + "\n")


async def _phase(phase: str, devices: list[Device], port: int, messages: int) -> None:
    gate = asyncio.Semaphore(CONNECTS_AT_ONCE)

    async def connect(device: Device) -> None:
        async with gate:
            await device.connect(port)

    async with asyncio.TaskGroup() as tasks:
        for device in devices:
            if phase == "connect":
                tasks.create_task(connect(device))
            else:
                tasks.create_task(device.publish(messages, is_echo=phase == "echo"))


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


# --- the process of a broker ---------------------------------------------------------------


async def _serve() -> None:
    """Serve our broker until standard input ends; print the port first."""
    server = MqttServer()
    broker = Broker(BrokerLimits(), AllowAll(), ["up/+"])

    def acknowledge(events: list[BrokerEvent]) -> None:
        for event in events:
            if isinstance(event, Arrived) and event.token is not None:
                broker.acknowledge(event.connection, event.token)

    loop = asyncio.get_running_loop()
    await server.start(HOST, 0, broker, acknowledge, lambda: int(loop.time() * 1000))
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    await server.stop()


@contextlib.contextmanager
def _embedded() -> Iterator[tuple[int, int]]:
    """Run our broker and yield its port and process id."""
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield int(process.stdout.readline()), process.pid
        process.stdin.close()


@contextlib.contextmanager
def _mosquitto(program: str) -> Iterator[tuple[int, int]]:
    """Run Mosquitto and yield its port and process id."""
    with socket.socket() as sock, tempfile.TemporaryDirectory() as folder:
        sock.bind((HOST, 0))
        port = sock.getsockname()[1]
        sock.close()
        configuration = Path(folder) / "mosquitto.conf"
        lines = (
            "user root",
            "persistence false",
            "log_dest stderr",
            "log_type information",  # It is how it says that it runs.
            "log_type error",
            "connection_messages false",
            "set_tcp_nodelay true",
            f"listener {port} {HOST}",
            "allow_anonymous true",
        )
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with subprocess.Popen(  # noqa: S603 - found on the path
            [program, "-c", str(configuration)], stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            while not (line := process.stderr.readline()).rstrip().endswith("running"):
                if not line:
                    raise SystemExit("Mosquitto did not start")
            try:
                yield port, process.pid
            finally:
                process.kill()


# A broker that runs within it: its port and its process id.
Running = contextlib.AbstractContextManager[tuple[int, int]]


# --- the whole -----------------------------------------------------------------------------


def _measure(
    kind: str, port: int, broker_pid: int, devices: int, messages: int
) -> tuple[dict[str, Cost], float]:
    """Run one client process; returns its costs by phase and KiB of memory a device."""
    command = [sys.executable, __file__, "devices", kind, str(port), str(broker_pid)]
    command += [str(devices), str(messages)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    found = json.loads(done.stdout)
    return {name: Cost(**cost) for name, cost in found["costs"].items()}, found["memory_kib"]


def _brokers() -> dict[str, Running]:
    found: dict[str, Running] = {"embedded": _embedded()}
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    program = shutil.which("mosquitto", path=places)
    if program is not None:
        found["mosquitto"] = _mosquitto(program)
    return found


def _compare(devices: int, messages: int) -> None:
    print(f"{devices} devices, {messages} messages each; µs of CPU a device (connect) or a message")
    print(f"{'broker':10} {'client':8} {'KiB':>6} " + " ".join(f"{name:>20}" for name in PHASES))
    print(f"{'':10} {'':8} {'':>6} " + " ".join(f"{'client':>12} {'broker':>7}" for _ in PHASES))
    for broker, running in _brokers().items():
        with running as (port, pid):
            results = {kind: _measure(kind, port, pid, devices, messages) for kind in RUNNERS}
        for kind, (costs, memory_kib) in results.items():
            figures = (f"{costs[n].client_us:12.1f} {costs[n].broker_us:7.1f}" for n in PHASES)
            print(f"{broker:10} {kind:8} {memory_kib:6.1f} " + " ".join(figures))
        thin, other = results["thin"], results["aiomqtt"]
        ratios = (
            f"{other[0][name].client_us / thin[0][name].client_us:11.1f}x {'':7}" for name in PHASES
        )
        memory = f"{other[1] / thin[1]:5.1f}x" if thin[1] > 0 else ""
        print(f"{broker:10} {'ratio':8} {memory:>6} " + " ".join(ratios))


def main() -> None:
    """Compare, or be one of the processes compared."""
    if sys.argv[1:2] == ["serve"]:
        uvloop.run(_serve())
    elif sys.argv[1:2] == ["devices"]:
        kind, *numbers = sys.argv[2:]
        port, broker_pid, devices, messages = map(int, numbers)
        RUNNERS[kind](_devices(kind, port, broker_pid, devices, messages))
    else:
        parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
        parser.add_argument("--devices", type=int, default=500)
        parser.add_argument("--messages", type=int, default=20)
        options = parser.parse_args()
        _compare(options.devices, options.messages)


if __name__ == "__main__":
    main()
