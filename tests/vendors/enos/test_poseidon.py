"""The vendor's northbound SDK against the platform: the pages' own samples, with our ids in them.

Where the pages slip: "Search OTA Task" asks for five rows a page and shows ten in its answer, has
the descriptions of `fromVersion` and `toVersion` the wrong way round, and in English leaves out the
status `published`; "Create OTA Job" sends `startSchedule` and `endSchedule`, which its own table
does not know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fleet_sim.dialects.enos.routes import FIRMWARES, JOBS
from fleet_sim.model.identity import DeviceId, Registration
from tests.dialects.enos import samples
from tests.runtime.platforms import running
from tests.vendors.enos.beside import served
from tests.vendors.enos.device_sdk import come_on_line, sdk_device
from tests.vendors.enos.poseidon import Json, PoseidonOperator, multipart, poseidon, shape

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environments.

CONTENT = "firmware as text\n" * 500
METADATA = {
    "name": {"defaultValue": "fw 2.0", "i18nValue": {}},
    "version": "2.0",
    "signMethod": "sha256",
    "sign": hashlib.sha256(CONTENT.encode()).hexdigest(),
    "enableVerification": False,
}
# The two devices of the samples, in a product of ours.
PRODUCT = "BXwU4kMk"
DEVICES = tuple(
    Registration(DeviceId(PRODUCT, f"ota-device{n}"), f"s3cret {n}", asset_id=f"asset00{n}")
    for n in (1, 2)
)


def sample(text: bytes, **changes: Json) -> str:
    """Return a request body of the pages with some of its values replaced."""
    return json.dumps({**json.loads(text), **changes})


def here(ready: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a ready line that names the samples' product."""
    return {**ready, "product_key": PRODUCT}


async def sample_job(operator: PoseidonOperator) -> tuple[Json, Json]:
    """Upload 2.0 and create the page's job for both devices; return both answers."""
    uploaded = await operator.upload(METADATA, CONTENT)
    scope = json.loads(samples.CREATE_JOB_BODY)["upgradeScope"]
    scope["deviceKeys"] = [one.device.device_key for one in DEVICES]
    ordered = await operator.ask(
        JOBS,
        "create",
        sample(samples.CREATE_JOB_BODY, upgradeScope=scope),
        firmwareId=uploaded["data"]["firmwareId"],
    )
    return uploaded, ordered


async def test_the_samples_of_three_pages(tmp_path: Path) -> None:
    """Job, tasks and device upgrades look as on the pages, while the SDK's own devices take part.

    The page's job lets devices ask (`enableUpgradeRequest`). One is cancelled, as the page's is;
    the other asks, and is seen in the midst of it.
    """
    async with running(devices=DEVICES) as ready, poseidon(here(ready), tmp_path) as operator:
        one, two = (
            sdk_device(ready["mqtt"], d.device, d.secret, tmp_path, hold_at="downloaded")
            for d in DEVICES
        )
        async with one as cancelled, two as asking:
            await come_on_line(cancelled, "1.0")
            await come_on_line(asking, "1.0")
            uploaded, ordered = await sample_job(operator)
            job_id = ordered["data"]["jobId"]
            keys = sample(samples.RETRY_TASK_BODY, deviceKeys=["ota-device1"])
            done = await operator.ask(JOBS, "cancelTask", keys, jobId=job_id)
            await asking.tell(do="ask")
            await asking.hear("held")
            tasks = await operator.ask(JOBS, "searchTask", samples.SEARCH_TASK_BODY.decode())
            meanwhile = await operator.ask(
                JOBS, "searchTask", '{"expression": "status=\'upgrading\'"}'
            )
            search = sample(samples.SEARCH_DEVICE_BODY, expression=f"productKey='{PRODUCT}'")
            upgrades = await operator.ask(FIRMWARES, "searchDeviceUpgrade", search)
            await asking.tell(do="go")
            await asking.hear("upgraded", version="2.0")
            after = await operator.ask(FIRMWARES, "searchDeviceUpgrade", search)

    assert shape(uploaded) == shape({**ordered, "data": {"firmwareId": ""}})
    assert shape(ordered) == shape(json.loads(samples.CREATE_JOB_ANSWER))
    assert (done["code"], done["msg"], done["data"]) == (0, "OK", None)
    assert shape(tasks) == shape(json.loads(samples.SEARCH_TASK_ANSWER))
    (row,) = tasks["data"]
    shown = json.loads(samples.SEARCH_TASK_ANSWER)["data"][0]
    same = ("productKey", "deviceKey", "fromVersion", "toVersion", "progress", "desc", "status")
    assert {key: row[key] for key in same} == {key: shown[key] for key in same}
    assert row["jobId"] == job_id
    assert tasks["pagination"] == {"sortedBy": None, "pageNo": 1, "pageSize": 5, "totalSize": 1}
    assert [(one["deviceKey"], one["progress"], one["desc"]) for one in meanwhile["data"]] == [
        ("ota-device2", 10, "downloading")
    ]
    assert shape(upgrades) == shape(json.loads(samples.SEARCH_DEVICE_ANSWER))
    assert states(upgrades) == {"ota-device1": ("1.0", False), "ota-device2": ("1.0", True)}
    assert states(after) == {"ota-device1": ("1.0", False), "ota-device2": ("2.0", False)}


def states(answer: Json) -> dict[str, tuple[str, bool]]:
    """Return device key to version and `isUpgrading`."""
    return {
        one["deviceKey"]: (one["firmwareVersion"], one["isUpgrading"]) for one in answer["data"]
    }


async def test_methods_may_be_mixed_up(tmp_path: Path) -> None:
    """The vendor's own sample code gets by POST and deletes by GET; so may whoever copies it."""
    async with running(devices=DEVICES) as ready, poseidon(here(ready), tmp_path) as operator:
        uploaded = await operator.upload(METADATA, CONTENT)
        firmware_id = uploaded["data"]["firmwareId"]
        got = await operator.ask(FIRMWARES, "get", "{}", firmwareId=firmware_id)
        deleted = await operator.ask(FIRMWARES, "delete", firmwareId=firmware_id)
        gone = await operator.ask(FIRMWARES, "get", method="GET", firmwareId=firmware_id)

    assert (got["data"]["firmwareId"], got["data"]["sign"]) == (firmware_id, METADATA["sign"])
    assert (got["data"]["fileSize"], got["data"]["productKey"]) == (len(CONTENT), PRODUCT)
    assert (deleted["code"], deleted["data"]) == (0, None)
    assert (gone["code"], gone["data"]) == (24404, None)


@pytest.mark.parametrize(
    ("path", "action", "body", "code"),
    [
        (JOBS, "searchTask", '{"expression": "colour=\'red\'"}', 99400),
        (JOBS, "searchTask", "no JSON", 99400),
        (JOBS, "fly", "{}", 99400),
        (JOBS, "stop", "{}", 99400),
        (FIRMWARES, "create", "{}", 99400),
    ],
)
async def test_a_mistake_is_told_in_the_body(
    path: str, action: str, body: str, code: int, tmp_path: Path
) -> None:
    """With HTTP 200: of any other status the SDK returns nothing at all."""
    async with running() as ready, poseidon(ready, tmp_path) as operator:
        answer = await operator.ask(path, action, body)

    assert (answer["code"], answer["data"]) == (code, None)
    assert answer["msg"]


async def test_signed_calls_only(tmp_path: Path) -> None:
    """The SDK's own scheme is refused with 99403; with the documented signature all goes well."""
    async with (
        served(tmp_path, DEVICES, "--auth", "signed") as ready,
        poseidon(here(ready), tmp_path) as operator,
    ):
        refused = await operator.ask(JOBS, "searchTask", "{}")
        login = await operator.log_in()
        _, ordered = await sample_job(operator)
        found = await operator.ask(JOBS, "search", '{"expression": "type=\'upgrade\'"}')

    assert (refused["code"], refused["data"]) == (99403, None)
    assert (login["status"], login["msg"], login["business"]) == (
        0,
        "SUCCESS",
        "apim-token-service",
    )
    assert shape(login["data"]) == [("accessToken", "str"), ("expire", "int")]
    assert [one["jobId"] for one in found["data"]] == [ordered["data"]["jobId"]]


async def test_another_secret_signs_nothing(tmp_path: Path) -> None:
    """A signature that is there must be right, also where none is asked for."""
    async with running() as ready:
        other = {**ready, "app_secret": "0a-0b"}
        async with poseidon(ready, tmp_path) as mine, poseidon(other, tmp_path) as operator:
            await mine.log_in()
            operator._token = mine._token
            refused = await operator.ask(JOBS, "searchTask", "{}")
            login = await operator.log_in()

    assert refused["code"] == 99403
    assert (login["status"], login["data"]) == (1003, None)


def test_a_shape_is_keys_and_types() -> None:
    """Values do not matter; order, nulls and kinds of items do."""
    assert shape({"a": 1, "b": [True, False, None]}) == shape({"a": 2, "b": [False, None]})
    assert shape({"a": 1, "b": 1}) != shape({"b": 1, "a": 1})
    assert shape({"a": 1}) != shape({"a": None})
    assert shape([1]) != shape([True])


def test_an_upload_has_two_parts() -> None:
    """Each ends where the boundary says."""
    text = multipart({"version": "2.0"}, "content")

    assert text.count("------boundary\r\n") == 2
    assert text.endswith("\r\n\r\ncontent\r\n------boundary--\r\n")
