from fleet_sim.scenario.plan import plan
from tests.scenario.writing import loaded

ONE = 'fleets: {a: {devices: 4, firmware: {"1": 50%, "2": 50%}}}\n'


def test_events_name_their_devices() -> None:
    """Half of twenty are ten, in the plan's order; a stop is for the whole fleet."""
    disconnect, cancel, stop = plan(loaded()).events

    assert (disconnect.kind, len(disconnect.devices), disconnect.for_ms) == (
        "disconnect",
        10,
        20_000,
    )
    assert list(disconnect.devices) == sorted(disconnect.devices)
    assert (cancel.kind, len(cancel.devices)) == ("cancel", 2)
    assert (stop.kind, len(stop.devices)) == ("stop", 10)


def test_an_operators_deed_that_the_vendor_has_no_call_for_is_left_out_and_told() -> None:
    """What cannot be asked for never happens; other events stay, and hit whom they did before."""
    events = """jobs: [{at: 30s, upgrade: a, to: "3"}]
events:
  - {at: 1m, retry: a, share: 50%}
  - {at: 2m, cancel: a, share: 50%}
  - {at: 3m, stop: a}
"""
    whole = plan(loaded(ONE + events))

    made = plan(loaded(f"{ONE}{events}contract: {{reopenable: []}}"))

    assert made.events == whole.events[1:]
    assert made.overrides[1:] == ("retry of a at 1m is left out, as the vendor has none.",)
    assert whole.overrides == ()
