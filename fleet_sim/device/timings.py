"""How long a device takes for things, and how patient it is."""

from __future__ import annotations

from dataclasses import dataclass

_SPANS = ("install_ms", "reboot_ms", "flush_ms", "request_every_ms", "request_hush_ms")
_LIMITS = ("download_tries_max", "block_bytes", "block_wait_ms", "block_tries_max")
_ASK_SPREAD = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """A device's own clockwork; shared by all devices of a fleet.

    Attributes:
        install_ms: From the last byte checked to 100 %.
        reboot_ms: How long a reboot keeps it off line.
        reconnect_min_ms: The first wait after a lost connection; it doubles from there, and each
            wait is drawn between itself and twice itself.
        reconnect_max_ms: The longest wait; the vendors' SDKs stop at a minute.
        progress_step_percent: How far apart progress reports stand; 100 means only 0 and 100.
        flush_ms: How long it waits, before the reboot, for the server to have 100 %;
            a few round trips of the slowest radio.
        download_tries_max: Cut downloads in a row without a new byte, on a standing connection,
            before it gives up and says so.
        block_bytes: How much of an image it asks for at a time where it fetches it over MQTT;
            Alibaba serves 256 to 131,072 bytes.
        block_wait_ms: How long it waits for a block before it asks again; as Alibaba's SDK for C.
        block_tries_max: How often in a row it asks for one block before it gives up and says so;
            as that SDK.
        request_on_connect: Whether it asks, on each connection, what it may upgrade to.
        request_every_ms: How often it asks again while it is on line and idle, on average: each
            wait is drawn from a fifth less to a fifth more, so that a fleet does not ask in step;
            0: never.
        request_hush_ms: How long after the begin of an attempt a device that fell silent in it
            does not ask either. Asking is speaking: a silence that ends before the attempt's
            timeout would be none.
    """

    install_ms: int = 1000
    reboot_ms: int = 1000
    reconnect_min_ms: int = 1000
    reconnect_max_ms: int = 60_000
    progress_step_percent: int = 25
    flush_ms: int = 10_000
    download_tries_max: int = 10
    block_bytes: int = 5120
    block_wait_ms: int = 10_000
    block_tries_max: int = 4
    request_on_connect: bool = False
    request_every_ms: int = 0
    request_hush_ms: int = 0

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: A span is negative, a limit below 1, the step not in 1 to 100, or the
                longest wait shorter than the first.
        """
        for name in _SPANS:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; a span is at least 0")
        if not 1 <= self.reconnect_min_ms <= self.reconnect_max_ms:
            raise ValueError(
                f"reconnect waits go from {self.reconnect_min_ms} to {self.reconnect_max_ms} ms;"
                " the first must be at least 1 and not exceed the last"
            )
        if not 1 <= self.progress_step_percent <= 100:  # noqa: PLR2004 - a percentage
            raise ValueError(
                f"progress_step_percent is {self.progress_step_percent}; it goes from 1 to 100"
            )
        for name in _LIMITS:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; at least 1")

    def backoff_ms(self, failures: int, chance: float) -> int:
        """Return how long to wait after this many failures in a row (0: the first).

        Args:
            failures: Failures before this one; from 0.
            chance: In [0, 1): spreads devices that were cut off together.
        """
        # 2**32 ms is beyond every cap, and the shift stays small however long the failure lasts.
        base = min(self.reconnect_max_ms, self.reconnect_min_ms << min(failures, 32))
        return min(self.reconnect_max_ms, int(base * (1 + chance)))

    def ask_wait_ms(self, chance: float) -> int:
        """Return how long to wait before asking again.

        Args:
            chance: In [0, 1): spreads devices that connected together.
        """
        return int(self.request_every_ms * (1 - _ASK_SPREAD + 2 * _ASK_SPREAD * chance))
