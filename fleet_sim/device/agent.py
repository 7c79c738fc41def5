"""The OTA agent of one device: events in, effects out.

The course of an upgrade that goes well, with what the server hears:

    push ──► reply 200, progress 0 ──► download (25, 50, 75) ──► check ──► install (100)
         ──► off line, reboot ──► new connection, version report

Progress during the download is the share of the bytes, in steps; 100 is said once the image is
installed. The device reboots when the server has the 100, or a little later when it never answers.
A connection that breaks ends nothing: bytes held stay, the download goes on from there, and the
last report that the server did not acknowledge is sent again under its own id.

How a device misbehaves stands in its `Conduct`, which the agent consults where the fields say. Any
event may come in any state, late ones included; what does not fit is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from fleet_sim.device import (
    asking,
    blocks,
    connecting,
    downloading,
    installing,
    repeating,
    requests,
)
from fleet_sim.device.conduct import Persona
from fleet_sim.device.events import (
    Acknowledged,
    BlockReceived,
    Connect,
    Connected,
    ConnectionLost,
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DownloadRefused,
    Effect,
    Event,
    OfferReceived,
    PoweredOn,
    QuestionReceived,
    ReplyReceived,
    RequestReceived,
    Timer,
    TimerFired,
)
from fleet_sim.device.mind import Mind
from fleet_sim.device.states import UpgradeState
from fleet_sim.device.timings import Timings
from fleet_sim.model.identity import DeviceId


class DeviceAgent:
    """One device; it owns its upgrade and its message ids, and never touches the world.

    Args:
        device: Who it is.
        version: What it runs at first.
        persona: How it misbehaves.
        timings: How long things take it.
        seed: The run's.
        modules: What its parts run at first, by name; it learns of others when they are upgraded.
    """

    __slots__ = ("_mind",)

    def __init__(
        self,
        *,
        device: DeviceId,
        version: str,
        persona: Persona,
        timings: Timings,
        seed: int,
        modules: Mapping[str, str] | None = None,
    ) -> None:
        self._mind = Mind(
            device=device,
            version=version,
            persona=persona,
            timings=timings,
            seed=seed,
            modules=modules,
        )

    def __repr__(self) -> str:
        link = "on line" if self.is_online else "off line"
        return f"<DeviceAgent {self._mind.who} {self.version} {self.state} {link}>"

    @property
    def state(self) -> UpgradeState:
        """Where it stands in its upgrade."""
        return self._mind.state

    @property
    def version(self) -> str:
        """What it runs, as a whole."""
        return self._mind.version

    @property
    def modules(self) -> Mapping[str, str]:
        """What its parts run, by name."""
        return dict(self._mind.modules)

    @property
    def is_online(self) -> bool:
        """Whether it believes that its connection stands."""
        return self._mind.is_online

    @property
    def is_silent(self) -> bool:
        """Whether it took a push and will say no more of it."""
        return self.state is UpgradeState.QUIET

    @property
    def repeats_by_ms(self) -> int:
        """By when it will have said its last report again; 0 where it does no such thing."""
        return self._mind.repeats_by_ms

    @property
    def is_gone(self) -> bool:
        """Whether it will never be heard of again."""
        return self.state is UpgradeState.GONE

    @property
    def pushed_at_ms(self) -> int | None:
        """When it received its last upgrade request or was offered an upgrade.

        Repetitions to a device that keeps silent are left out; None before the first.
        """
        return self._mind.pushed_at_ms

    def tries(self, version: str, module: str = "") -> int:
        """Return how many attempts in a row it has begun at this version, to the present one."""
        attempt = self._mind.attempt
        return 0 if attempt is None or not attempt.is_of(module, version) else attempt.tries

    def check_with(self, hmac_of: Callable[[str], str] | None) -> None:
        """Check keyed digests from now on, where a request names one.

        Args:
            hmac_of: From the SHA-256 of an image to the keyed digest that its request should name,
                both lower-case hex. None: they are not checked.
        """
        self._mind.hmac_of = hmac_of

    def handle(self, event: Event, now_ms: int) -> tuple[Effect, ...]:
        """Take one event, move at most one state, and say what to do next.

        Args:
            event: What happened.
            now_ms: When, in whole milliseconds since the start of the run.

        Returns:
            Effects to carry out in this order; never raises, whatever the event and the state.
        """
        is_down = self.state in {UpgradeState.OFF, UpgradeState.GONE}
        if is_down and not isinstance(event, PoweredOn):
            return ()
        mind = self._mind
        effects = tuple(_handle(mind, event, now_ms))
        is_copy = isinstance(event, TimerFired) and event.name is Timer.REPEAT
        if mind.conduct.copies and not is_copy:
            return repeating.with_copies(mind, effects, now_ms)
        return effects


def _handle(mind: Mind, event: Event, now_ms: int) -> Iterator[Effect]:  # noqa: C901 - a case an event
    match event:
        case PoweredOn():
            return connecting.on_power(mind)
        case Connected():
            return connecting.on_connected(mind, now_ms)
        case ConnectionLost(why):
            return connecting.on_lost(mind, why, now_ms)
        case RequestReceived(request):
            return requests.on_request(mind, request, now_ms)
        case OfferReceived(offer):
            return requests.on_offer(mind, offer, now_ms)
        case QuestionReceived():
            return requests.on_question(mind)
        case BlockReceived(block):
            return blocks.on_block(mind, block, now_ms)
        case ReplyReceived(reply):
            return _on_acknowledged(mind, reply.message_id, now_ms)
        case Acknowledged(message_id):
            return _on_acknowledged(mind, message_id, now_ms)
        case DownloadAdvanced() | DownloadFinished() | DownloadCut() | DownloadRefused():
            return downloading.on_download(mind, event, now_ms)
        case TimerFired(name, token):
            return _on_timer(mind, name, token, now_ms)
        case _:
            assert_never(event)


def _on_acknowledged(mind: Mind, message_id: str, now_ms: int) -> Iterator[Effect]:
    if mind.post.take_receipt(message_id):
        if mind.state is UpgradeState.FINISHING:
            yield from installing.reboot(mind, now_ms)
        return
    until_ms = mind.conduct.away_until_ms
    # Away is for the time between the first version report and the first push.
    is_first = mind.attempt is None and mind.post.is_version_report(message_id)
    if until_ms is not None and now_ms < until_ms and is_first and mind.is_online:
        yield from connecting.stay_away(mind, "away", until_ms)


def _on_timer(  # noqa: C901 - a case a timer
    mind: Mind, name: Timer, token: int, now_ms: int
) -> Iterator[Effect]:
    if not mind.alarms.take(name, token):
        return
    match name:
        case Timer.RECONNECT:
            yield Connect()
        case Timer.DOWNLOAD:
            yield from downloading.resume(mind, now_ms)
        case Timer.BLOCK:
            yield from blocks.on_late(mind, now_ms)
        case Timer.INSTALL:
            yield from installing.on_installed(mind, now_ms)
        case Timer.FLUSH:
            yield from installing.reboot(mind, now_ms)
        case Timer.REBOOT:
            yield from installing.on_booted(mind)
        case Timer.FLAP:
            yield from connecting.stay_away(mind, "flap", now_ms + mind.conduct.down_ms)
        case Timer.ASK:
            yield from asking.ask(mind, now_ms)
        case Timer.REPEAT:
            yield from repeating.again(mind, now_ms)
        case _:
            assert_never(name)
