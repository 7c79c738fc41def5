import asyncio

from fleet_sim.runtime.tasks import Tasks


async def test_all_work_under_way_can_be_given_up_at_once() -> None:
    """The group then ends in good order, and what had ended before is left alone."""
    async with Tasks() as tasks:
        done = tasks.create_task(asyncio.sleep(0))
        await done
        waiting = [tasks.create_task(asyncio.Event().wait()) for _ in range(3)]
        await asyncio.sleep(0)

        tasks.cancel()

    assert all(task.cancelled() for task in waiting)
    assert not done.cancelled()
