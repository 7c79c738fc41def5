from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.rows import DeviceInfo, FirmwareInfo, JobInfo, TaskInfo, row_fields
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import (
    DeviceRow,
    FirmwareOrder,
    FirmwareRow,
    JobOrder,
    JobRow,
    JobStatus,
    Names,
    Retry,
    Row,
    Scope,
    TaskRow,
    TaskStatus,
    Window,
)
from tests.dialects.enos import samples
from tests.dialects.enos.strategies import NAMES, ORDERS, TEXTS

_ORG = "o15475466766371"
_INSTANTS = st.integers(0, 2**42)
_MAYBE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)

# A cancelled task reads as failed, and EnOS asks for nobody's consent.
_NO_WORD = {TaskStatus.CANCELLED, TaskStatus.UNCONFIRMED}

TASKS = st.builds(
    TaskRow,
    task_id=TEXTS,
    job_id=TEXTS,
    product_key=TEXTS,
    device_key=TEXTS,
    asset_id=_MAYBE,
    from_version=_MAYBE,
    to_version=TEXTS,
    status=st.sampled_from(sorted(set(TaskStatus) - _NO_WORD)),
    progress=st.none() | st.integers(-100, 100),
    desc=st.none() | _MAYBE,
    updated_epoch_ms=_INSTANTS,
)
DEVICES = st.builds(
    DeviceRow,
    product_key=TEXTS,
    device_key=TEXTS,
    asset_id=_MAYBE,
    firmware_version=_MAYBE,
    is_upgrading=st.booleans(),
)
FIRMWARES = st.builds(
    FirmwareRow,
    firmware_id=TEXTS,
    order=st.builds(
        FirmwareOrder,
        product_key=_MAYBE,
        names=NAMES,
        version=TEXTS,
        digest=st.text("0123456789abcdef", min_size=1),
        digest_method=st.sampled_from(["md5", "sha256"]),
        file_name=st.just("2.0.bin"),
        desc=_MAYBE,
        needs_verification=st.booleans(),
        verify_devices_max=st.none() | st.integers(1, 9),
        verify_successes_min=st.none() | st.integers(1, 9),
        tags=st.dictionaries(TEXTS, TEXTS, max_size=2).map(
            lambda tags: tuple(sorted(tags.items()))
        ),
    ),
    url=st.just("http://b.example/files/f1/2.0.bin"),
    size_bytes=st.integers(0, 2**40),
    is_verified=st.booleans(),
    created_epoch_ms=_INSTANTS,
)


# Orders with nothing left open, as a server shows them.
def _settled(order: JobOrder) -> JobOrder:
    cap = None if order.kind == "verify" else order.concurrency or 7
    return replace(order, timeout_s=order.timeout_s or 300, concurrency=cap)


JOBS = st.builds(
    JobRow,
    job_id=TEXTS,
    product_key=_MAYBE,
    order=ORDERS.map(_settled),
    firmware_version=TEXTS,
    firmware_names=NAMES,
    status=st.sampled_from([JobStatus.STARTED, JobStatus.STOPPED]),
    created_epoch_ms=_INSTANTS,
)
_INFO_OF: dict[type, Any] = {
    TaskRow: TaskInfo,
    DeviceRow: DeviceInfo,
    FirmwareRow: FirmwareInfo,
    JobRow: JobInfo,
}


@pytest.mark.codec
@given(row=st.one_of(TASKS, DEVICES, FIRMWARES, JOBS))
def test_a_row_survives_the_wire(row: Row) -> None:
    """What the backend shows is what the operator reads."""
    info = _INFO_OF[type(row)].model_validate_json(json.dumps(row_fields(row, _ORG, CONTRACT)))

    assert info.row() == row


def _sample(answer: bytes, at: int = 0) -> dict[str, object]:
    row: dict[str, object] = json.loads(answer)["data"][at]
    return row


def test_a_task_is_shown_as_on_its_page() -> None:
    """Every key of the sample, in its order, with its types."""
    row = TaskRow(
        task_id="5ed0de47646542001b3d1146",
        job_id="5ed0de47646542001b3d1145",
        product_key="BXwU4kMk",
        device_key="ota-device1",
        asset_id="FOrco0Hu",
        from_version="1.0",
        to_version="2.0",
        status=TaskStatus.CANCELLED,
        progress=None,
        desc="user cancel",
        updated_epoch_ms=1_590_746_699_719,
    )

    shown, sample = row_fields(row, _ORG, CONTRACT), _sample(samples.SEARCH_TASK_ANSWER)

    assert shown == sample
    assert list(shown) == list(sample)


def test_a_device_is_shown_as_on_its_page() -> None:
    """Every key of the sample, in its order, with its types."""
    row = DeviceRow("BXwU4kMk", "ota-device2", "qOE2FZb5", "2.0", is_upgrading=True)

    shown, sample = row_fields(row, _ORG, CONTRACT), _sample(samples.SEARCH_DEVICE_ANSWER, 1)

    assert shown == sample
    assert list(shown) == list(sample)


def test_a_firmware_is_shown_with_every_documented_key() -> None:
    """The 2.2 sample's keys, then those of 2.4; what was not given is null."""
    order = FirmwareOrder("AbCd1234", Names("fw"), "2.0", "9e10", "md5", "2.0.bin")
    row = FirmwareRow("f1", order, "http://b.example/2.0.bin", 43, False, 1_700_000_000_000)  # noqa: FBT003

    assert row_fields(row, _ORG, CONTRACT) == {
        "orgId": _ORG,
        "firmwareId": "f1",
        "productKey": "AbCd1234",
        "name": {"defaultValue": "fw", "i18nValue": {}},
        "version": "2.0",
        "desc": None,
        "signMethod": "md5",
        "sign": "9e10",
        "fileUrl": "http://b.example/2.0.bin",
        "fileSize": 43,
        "enableVerification": False,
        "isVerified": False,
        "createTime": 1_700_000_000_000,
        "firmwareTags": {},
        "maxAllowedForVerification": None,
        "minSuccessForVerified": None,
    }


def test_a_job_is_shown_with_its_defaults_filled_in() -> None:
    """What the order left open stands as the contract's default; unused selectors are null."""
    order = JobOrder(
        "f1",
        "upgrade",
        Scope(versions=("1.0",), total=False, device_keys=("dk1",)),
        names=Names("night"),
        open_list=True,
        retry=Retry(2, 10),
        window=Window(0, 86_399_999, repeat_daily=True),
    )
    row = JobRow("j1", "pk1", order, "2.0", Names("fw"), JobStatus.FINISHED, 5)

    assert row_fields(row, _ORG, CONTRACT) == {
        "orgId": _ORG,
        "productKey": "pk1",
        "jobId": "j1",
        "name": {"defaultValue": "night", "i18nValue": {}},
        "firmwareId": "f1",
        "firmwareVersion": "2.0",
        "firmwareName": {"defaultValue": "fw", "i18nValue": {}},
        "type": "upgrade",
        "enableUpgradeRequest": False,
        "upgradePolicy": "incremental",
        "upgradeScope": {
            "type": "partial",
            "versionNumbers": ["1.0"],
            "productKey": None,
            "deviceKeys": ["dk1"],
            "attributes": None,
            "tags": None,
            "assetTrees": None,
            "deviceGroupIds": None,
            "assetIds": None,
        },
        "upgradeTimeout": 7_200,
        "retryPolicy": {"enableRetry": True, "retryInterval": 10, "retryCount": 2},
        "schedulePolicy": {
            "isRepeatDaily": True,
            "startTimestamp": 0,
            "endTimestamp": 86_399_999,
            "timezoneOffsetInMinutes": 0,
        },
        "maximumConcurrency": 300,
        "status": "started",
        "createTime": 5,
    }


def test_a_verify_job_shows_no_policies() -> None:
    """The page lists none for it."""
    order = JobOrder("f1", "verify", Scope(total=False, device_keys=("dk1",)))
    row = JobRow("j1", "pk1", order, "2.0", Names("fw"), JobStatus.STARTED, 5)

    shown = row_fields(row, _ORG, CONTRACT)

    policies = ("upgradePolicy", "retryPolicy", "schedulePolicy", "maximumConcurrency")
    assert [shown[name] for name in policies] == [None] * 4


def test_the_job_of_the_page_is_read() -> None:
    """Null policies, no firmware name, no selectors: what an old job looks like."""
    row = JobInfo.model_validate(samples.JOB_INFO).row()

    assert row == JobRow(
        job_id="5ed0de47646542001b3d1145",
        product_key="yourProductKey",
        order=JobOrder(
            "5ed0dd4a646542001b3d113f",
            "upgrade",
            Scope(versions=("1.0",)),
            names=Names("name"),
            devices_must_ask=True,
            timeout_s=7_200,
            concurrency=300,
        ),
        firmware_version="",
        firmware_names=Names(""),
        status=JobStatus.STARTED,
        created_epoch_ms=1_590_746_699_719,
    )


@pytest.mark.parametrize("desc", [None, ""])
def test_a_cancelled_task_always_says_so(desc: str | None) -> None:
    """There is no status for it; the desc of the 2.2 sample is all there is."""
    row = TaskRow("t", "j", "p", "d", "", "1", "2", TaskStatus.CANCELLED, None, desc, 5)

    shown = row_fields(row, _ORG, CONTRACT)

    assert (shown["status"], shown["desc"], shown["progress"]) == ("failed", "user cancel", None)


def test_a_size_may_be_a_string() -> None:
    """String in the table, number in the sample."""
    order = FirmwareOrder("", Names("fw"), "2.0", "9e10", "md5", "x")
    fields = row_fields(FirmwareRow("f1", order, "x", 43, True, 5), _ORG, CONTRACT)  # noqa: FBT003

    assert FirmwareInfo.model_validate(fields | {"fileSize": "43"}).row().size_bytes == 43


def test_a_file_name_is_read_from_its_address() -> None:
    """FirmwareInfo has no field for it; blanks and umlauts are escaped in a URL."""
    order = FirmwareOrder("", Names("fw"), "2.0", "9e10", "md5", "gerät 2.bin")
    row = FirmwareRow("f1", order, "http://b.example/f1/ger%C3%A4t%202.bin", 43, True, 5)  # noqa: FBT003

    assert FirmwareInfo.model_validate(row_fields(row, _ORG, CONTRACT)).row() == row


def test_a_status_of_no_page_is_an_error() -> None:
    """A client must not take it for one it knows."""
    sample = _sample(samples.SEARCH_TASK_ANSWER) | {"status": "paused"}

    with pytest.raises(DialectError, match="the status 'paused' is none of init"):
        TaskInfo.model_validate(sample).row()
