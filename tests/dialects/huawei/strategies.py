"""Hypothesis strategies for what crosses Huawei's codecs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from fleet_sim.dialects.huawei.device import HuaweiDevice
from fleet_sim.dialects.huawei.gateways import HuaweiGateways
from fleet_sim.dialects.huawei.images import SOFTWARE
from fleet_sim.dialects.huawei.names import down_topic, up_topic
from fleet_sim.dialects.huawei.oc_rows import FINAL
from fleet_sim.dialects.huawei.server import HuaweiServer
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ChildClaim,
    DeviceMessage,
    FailureReport,
    GatewayAction,
    GatewayNotice,
    GatewayRequest,
    ProgressReport,
    UpgradeRequest,
    VersionAsked,
    VersionReport,
)
from fleet_sim.model.northbound import (
    CreateFirmware,
    FirmwareOrder,
    JobOrder,
    JobRow,
    JobStatus,
    Names,
    Retry,
    Scope,
    TaskRow,
    TaskStatus,
    Window,
)
from tests.dialects.huawei.shelf import NOW
from tests.dialects.near_misses import near_wires, written

# Everything that can be stored: no NUL, no half of a surrogate pair.
_STORABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.text(_STORABLE, min_size=1, max_size=30)
_ANY_TEXT = st.text(_STORABLE, max_size=30)
# One level of a topic that matches only itself; a device key may hold underscores.
KEYS = st.text(
    st.characters(exclude_characters="\0/+#", exclude_categories=["Cs"]), min_size=1, max_size=20
)
PRODUCT_KEYS = st.text("abcXYZ0123456789", min_size=1, max_size=8)
DEVICES = st.builds(DeviceId, product_key=PRODUCT_KEYS, device_key=KEYS)

_HEX = "0123456789abcdef"
IMAGES = st.builds(
    FirmwareImage,
    version=TEXTS,
    url=TEXTS,
    size_bytes=st.integers(0, 2**40),
    digest=st.text(_HEX, min_size=64, max_size=64),
    digest_method=st.just("sha256"),
    module=st.sampled_from(["", SOFTWARE]),
    token=_ANY_TEXT,
    custom=_ANY_TEXT,
)
NOTICES = st.none() | st.builds(
    GatewayNotice,
    job_id=TEXTS,
    children=st.integers(0, 2**31),
    extra=st.sampled_from(["", '{"a":1}', '{"b":{"c":[null,"\\u00e4"]}}']),
)
SERVER_MESSAGES: st.SearchStrategy[Any] = st.one_of(
    st.builds(UpgradeRequest, message_id=TEXTS, image=IMAGES, notice=NOTICES),
    st.builds(VersionAsked, message_id=TEXTS, notice=NOTICES),
)
_FAILURES = st.sampled_from(
    [
        (FailureCause.DECLINED, -1),
        (FailureCause.DOWNLOAD, -2),
        (FailureCause.DECLINED, -3),
        (FailureCause.DECLINED, -4),
        (FailureCause.FLASH, -5),
        (FailureCause.DOWNLOAD, -6),
        (FailureCause.VERIFY, -7),
        (FailureCause.UPGRADE, -8),
        (FailureCause.UPGRADE, -9),
        (FailureCause.FLASH, -10),
        (FailureCause.OTHER, -255),
        (FailureCause.OTHER, -77),
    ]
)
DEVICE_MESSAGES: st.SearchStrategy[DeviceMessage] = st.one_of(
    st.builds(
        VersionReport,
        message_id=TEXTS,
        version=TEXTS,
        module=st.sampled_from(["", SOFTWARE]),
    ),
    st.builds(
        lambda message_id, version, desc: VersionReport(
            message_id, version, after_upgrade=True, of_latest=True, desc=desc
        ),
        TEXTS,
        TEXTS,
        _ANY_TEXT,
    ),
    st.builds(VersionReport, TEXTS, TEXTS, beside=st.tuples(st.tuples(st.just(SOFTWARE), TEXTS))),
    st.builds(
        ProgressReport,
        message_id=TEXTS,
        percent=st.integers(0, 99),
        desc=_ANY_TEXT,
        version=_ANY_TEXT,
    ),
    st.builds(
        lambda message_id, failure, desc, version: FailureReport(
            message_id, failure[0], desc, failure[1], version=version
        ),
        TEXTS,
        _FAILURES,
        _ANY_TEXT,
        _ANY_TEXT,
    ),
)

# Bytes that come close to an event, each mostly on its own topic.
_DEVICE, _CHILD = DeviceId("p1", "d1"), DeviceId("p1", "d2")
_IMAGE = FirmwareImage("v2", "http://h/x", 5, "a" * 64, "sha256", token="t")
_V2 = (
    b'{"object_device_id":"p1_d1","services":[{"service_id":"$ota","event_type":'
    b'"firmware_upgrade_v2","event_time":"20260301T003900Z","event_id":"m","paras":{"version":"v2",'
    b'"url":"http://h/x","file_size":5,"file_name":"x","expires":86400,"sign":"%s",'
    b'"custom_info":"c","task_id":"t","sub_device_count":1,"task_ext_info":{}}}]}' % (b"ab" * 32)
)
NEAR_WIRES = near_wires(
    [
        *written(
            HuaweiDevice().encode,
            _DEVICE,
            VersionReport("m", "1.0"),
            VersionReport("m", "1.0", SOFTWARE),
            VersionReport("m", "1.0", after_upgrade=True),
            ProgressReport("m", 35, "on its way", version="2.0"),
            FailureReport("m", FailureCause.FLASH, "no", -5, version="2.0"),
        ),
        *written(HuaweiServer().encode, _DEVICE, UpgradeRequest("m", _IMAGE), VersionAsked("m")),
        WireMessage(down_topic(_DEVICE), _V2),
        HuaweiGateways().request(
            _DEVICE,
            GatewayRequest(
                "m",
                GatewayAction.PRESENCE,
                (ChildClaim(_DEVICE), ChildClaim(_CHILD, is_online=False)),
            ),
            {},
            epoch_ms=0,
        ),
    ],
    [up_topic(_DEVICE), down_topic(_DEVICE)],
)


# --- northbound ------------------------------------------------------------------------------

ORDERS = st.builds(
    JobOrder,
    firmware_id=st.text("abcdef0123456789", min_size=24, max_size=24),
    kind=st.just("upgrade"),
    scope=st.one_of(
        st.just(Scope("p1")),
        st.builds(
            Scope,
            product_key=st.just("p1"),
            total=st.just(False),  # noqa: FBT003 - a strategy for one value
            device_keys=st.lists(st.text("ab_1", min_size=1), min_size=1, unique=True).map(tuple),
        ),
        st.builds(
            Scope,
            product_key=st.just("p1"),
            total=st.just(False),  # noqa: FBT003 - a strategy for one value
            groups=st.lists(st.text("gh", min_size=1), min_size=1, unique=True).map(tuple),
        ),
    ),
    retry=st.none() | st.builds(Retry, count=st.integers(1, 5), interval_s=st.just(0)),
    window=st.none()
    | st.integers(0, 10**6).map(lambda s: Window(NOW + s * 1000, NOW + s * 1000 + 300_000)),
)
KINDS = st.sampled_from(["firmware_upgrade", "software_upgrade"])
INSTANTS = st.integers(0, 4 * 10**9).map(lambda seconds: seconds * 1000)  # Whole seconds.
# Of each status of a subtask one that has a word of its own.
COUNTED = (
    TaskStatus.QUEUED,
    TaskStatus.UNDER_WAY,
    TaskStatus.SUCCEEDED,
    TaskStatus.FAILED,
    TaskStatus.CANCELLED,
)
_STATUSES = st.sampled_from(COUNTED)


def _task(  # noqa: PLR0917 - drawn one by one
    task_id: str, device: DeviceId, before: str, after: str, status: TaskStatus, desc: str, at: int
) -> TaskRow:
    is_begun = status is not TaskStatus.QUEUED
    last = at + 9_000 if status in FINAL else at + 1_000 * is_begun
    return TaskRow(
        task_id, "j", device.product_key, device.device_key, "", before, after, status, None,
        desc or None, last, at, at + 1_000 if is_begun else None,
    )  # fmt: skip


TASK_ROWS = st.builds(_task, TEXTS, DEVICES, _ANY_TEXT, _ANY_TEXT, _STATUSES, _ANY_TEXT, INSTANTS)
# What an operation shows of a job: neither its firmware nor its name.
JOB_ROWS = st.builds(
    lambda job_id, order, kind, version, at, counts: JobRow(
        job_id,
        "p1",
        replace(order, firmware_id="", tags=(("operateType", kind),)),
        version,
        Names(version),
        JobStatus.STARTED,
        at,
        tuple((status, count) for status, count in counts if count),
    ),
    TEXTS,
    ORDERS,
    KINDS,
    _ANY_TEXT,
    INSTANTS,
    st.tuples(*(st.integers(0, 9) for _ in range(5))).map(
        lambda counts: zip(COUNTED, counts, strict=True)
    ),
)
_TRAITS = st.fixed_dictionaries(
    {"fileType": st.sampled_from(["firmwarePackage", "softwarePackage"])},
    optional=dict.fromkeys(("deviceType", "manufacturerName"), TEXTS),
).map(lambda traits: tuple(sorted(traits.items())))
CONTENTS = st.binary(min_size=1, max_size=9)
PACKAGES = st.builds(
    lambda product, name, version, content, file_name, desc, tags: CreateFirmware(
        FirmwareOrder(
            product,
            Names(name),
            version,
            hashlib.sha256(content).hexdigest(),
            "sha256",
            file_name,
            desc,
            tags=tags,
            module=SOFTWARE if dict(tags)["fileType"] == "softwarePackage" else "",
            needs_token=True,
        ),
        content,
    ),
    TEXTS,
    TEXTS,
    TEXTS,
    CONTENTS,
    st.text("abc.-_ 019", min_size=3, max_size=9).filter(lambda name: name.strip(". ")),
    _ANY_TEXT,
    _TRAITS,
)
