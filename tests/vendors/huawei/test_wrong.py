"""A wrong parameter for each range and code that the pages name, at a running platform.

IoTDA's page of error codes was seen in part only, and none of what was seen is of a refused call;
so status and text are the page's, and the numbers are the platform's own.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fleet_sim.dialects.huawei.admin import OBJECTS_PATH
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from fleet_sim.runtime.real_time import epoch_ms
from tests.runtime.platforms import running
from tests.vendors.enos.beside import fleet_of
from tests.vendors.huawei.iotda import BUCKET, CONTENT, KEY, place
from tests.vendors.huawei.oceanconnect import OceanOperator, Said, ocean
from tests.vendors.huawei.wrong import (
    DEVICE,
    FILE,
    NOBODY,
    PACKAGE,
    PRODUCT,
    QUERIES,
    TASK,
    V5_QUERIES,
    Wrong,
    creations,
    logins,
    v5_packages,
    v5_tasks,
)

DEVICES = fleet_of(PRODUCT, 2)


@dataclass(frozen=True, slots=True)
class Desk:
    """An operator of both generations, with a package and a task that are there.

    Attributes:
        one: The operator.
        names: What stands for their ids in a wrong call, and the ids.
    """

    one: OceanOperator
    names: Mapping[str, str]

    async def call(self, wrong: Wrong) -> Said:
        """Make a call, of whichever generation it is."""
        is_ocean = wrong.path.startswith("/")
        path = wrong.path if is_ocean else f"/v5/iot/{self.one.ready['org']}/{wrong.path}"
        mine = dict(self.one.headers)
        if not is_ocean:
            mine["X-Auth-Token"] = mine.pop("Authorization").removeprefix("Bearer ")
        headers = {name: one for name, one in {**mine, **wrong.headers}.items() if one is not None}
        if wrong.form is not None:
            del headers["Content-Type"]
        return await self.one.send(
            wrong.method,
            self._named(path),
            params=dict(wrong.query),
            data=self._body(wrong),
            headers=headers,
        )

    async def counts(self) -> tuple[int, int]:
        """Return how many packages and tasks there are."""
        packages = await self.one.ask("GET", CATEGORY)
        tasks = await self.one.ask("GET", OPERATIONS)
        return packages[1]["totalCount"], tasks[1]["totalCount"]

    def _body(self, wrong: Wrong) -> Any:  # noqa: ANN401 - aiohttp's
        if wrong.form is not None:
            return dict(wrong.form)
        if wrong.body is None or isinstance(wrong.body, bytes):
            return wrong.body
        return self._named(json.dumps(wrong.body)).encode()

    def _named(self, text: str) -> str:
        for name, mine in self.names.items():
            text = text.replace(name, mine)
        return text


@contextlib.asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    """Run a platform that refuses whoever shows no token, with a package and a task."""
    async with (
        running(dialect="huawei", devices=DEVICES, signed_only=True) as ready,
        ocean({**ready, "product_key": PRODUCT}) as one,
    ):
        one.renews = False
        headers = {"X-Auth-Token": one.headers["Authorization"].removeprefix("Bearer ")}
        await one.send("PUT", f"{OBJECTS_PATH}{BUCKET}/{KEY}", data=CONTENT, headers=headers)
        file_id = await one.upload(CONTENT)
        task_id = await one.order(file_id, DEVICE)
        yield Desk(one, {FILE: file_id, PACKAGE: file_id, TASK: task_id})


async def misses(here: Desk, wrongs: Iterable[Wrong]) -> list[tuple[Wrong, Said]]:
    """Return the calls that were not answered by their error, or that created something."""
    found = []
    before = await here.counts()
    for wrong in wrongs:
        status, answer = await here.call(wrong)
        text = "error_desc" if wrong.path.startswith("/") else "error_msg"
        error = answer if isinstance(answer, dict) else {}
        is_right = (status, error.get("error_code")) == (wrong.status, wrong.code)
        is_told = set(error) == {"error_code", text} and error[text]
        if not (is_right and is_told) or await here.counts() != before:
            found.append((wrong, (status, answer)))
    return found


async def test_what_is_wrong_to_oceanconnect_gets_its_number() -> None:
    """Each number of its pages that a call can bring about; nothing is created."""
    async with desk() as here:
        keys = here.one.ready["app_key"], here.one.ready["app_secret"]
        found = await misses(here, (*logins(*keys), *QUERIES, *creations(epoch_ms())))

    assert found == []


async def test_what_is_wrong_to_v5_is_refused() -> None:
    """Each range beside its parameters; nothing is created."""
    async with desk() as here:
        wrongs = (*V5_QUERIES, *v5_tasks(epoch_ms()), *v5_packages(place()))
        found = await misses(here, wrongs)

    assert found == []


async def test_a_call_that_is_right_is_seen_as_a_miss() -> None:
    """The calls of the tables are right but for one thing, and the counts tell what was created."""
    async with desk() as here:
        right = Wrong(400, "120015", "POST", f"{OPERATIONS}/firmwareUpgrade",
                      {"fileId": FILE, "targets": {"devices": [DEVICE]}})  # fmt: skip
        other = Wrong(404, "123002", "GET", f"{OPERATIONS}/{NOBODY}")
        found = await misses(here, (right, other))

    assert [(wrong, said[0]) for wrong, said in found] == [(right, 200), (other, 404)]
