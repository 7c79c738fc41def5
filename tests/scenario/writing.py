"""Scenarios for tests: a full one, ways to break it, and what the author is told."""

from __future__ import annotations

from fleet_sim.scenario.errors import ScenarioError
from fleet_sim.scenario.load import load
from fleet_sim.scenario.models import Scenario

FILE = "scenarios/full.yaml"
CARET = "‸"  # Stands in a broken text where the message must point; taken out before loading.

FULL = """\
name: full
about: Every key there is.
duration: 10m
seed: 42
networks:
  shed: {like: regular_3g, loss_percent: 2, rtt_ms: 400}
fleets:
  meters: {devices: 10, dialect: enos, firmware: "1.2.0", network: wifi_good}
  field:
    devices: 20
    firmware: {"1.1.0": 20%, "1.2.0": 80%}
    network: {wifi_good: 60%, shed: 40%}
    personas: {healthy: 90%, brick: 5%, flap: {share: 5%, up_s: 20}}
    attributes: {model: m1}
    tags: {site: north}
    connect: {over: 10s}
    install: 2s
    reboot: 500ms
jobs:
  - {at: 30s, upgrade: meters, to: "1.3.0", image: {size: 256KiB}, concurrency: 30, timeout: 5m}
  - {at: 40s, upgrade: field, to: "1.3.0", retries: 2, retry_interval: 10s, from: ["1.1.0"]}
events:
  - {at: 1m, disconnect: field, share: 50%, for: 20s}
  - {at: 2m, cancel: field, share: 10%}
  - {at: 3m, stop: meters}
expect:
  - updated[meters] == 100%
  - time_to_update[meters].p95 < 60s
  - promises hold
  - {that: "failed <= 5% by 5m", abort: true, after: 1m}
target: {plant: [B01]}
contract: {timeout_s_min: 10}
observe: {every: 1s}
"""


def loaded(text: str = FULL, **options: object) -> Scenario:
    """Load a text that must be good."""
    return load(text, FILE, **options)  # type: ignore[arg-type]


def told(text: str, **options: object) -> list[str]:
    """Return what the author of a text is told; empty if it is good."""
    try:
        load(text, FILE, **options)  # type: ignore[arg-type]
    except ScenarioError as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


def broken(old: str, new: str) -> tuple[str, str]:
    """Put `new` for `old` in the full scenario.

    Returns:
        The text, and `line:column` of the caret in it.
    """
    assert FULL.count(old) == 1, f"{old!r} stands {FULL.count(old)} times in the full scenario"
    text = FULL.replace(old, new)
    before, caret, after = text.partition(CARET)
    assert caret, f"{new!r} does not say where the message points"
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return before + after, f"{line}:{column}"
