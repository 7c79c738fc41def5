import asyncio
import os
import signal

import pytest

from fleet_sim.cli.stopping import HINT, SIGNALS, stop_by_signal, told_to_stop


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_a_word_and_the_second_an_interrupt(number: signal.Signals) -> None:
    """Whichever it is; afterwards both mean what they meant."""
    before = [signal.getsignal(one) for one in SIGNALS]

    with told_to_stop() as should_stop:
        assert not should_stop()
        signal.raise_signal(number)
        assert should_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    assert [signal.getsignal(one) for one in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
async def test_the_first_signal_stops_and_the_second_cancels(number: signal.Signals) -> None:
    """The hint is said once."""
    stop, said = asyncio.Event(), list[str]()
    is_ready = asyncio.Event()

    async def work() -> None:
        stop_by_signal(stop, said.append)
        is_ready.set()
        await stop.wait()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    task = asyncio.create_task(work())  # noqa: TID251 - a group would hide how it ends
    try:
        await is_ready.wait()
        os.kill(os.getpid(), number)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 30)
    finally:
        for one in SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(one)

    assert said == [HINT]
