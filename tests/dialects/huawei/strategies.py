"""Hypothesis strategies for what crosses Huawei's codecs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fleet_sim.dialects.huawei.children import write_status
from fleet_sim.dialects.huawei.device import HuaweiDevice
from fleet_sim.dialects.huawei.images import SOFTWARE
from fleet_sim.dialects.huawei.names import down_topic, up_topic
from fleet_sim.dialects.huawei.server import HuaweiServer
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    DeviceMessage,
    FailureReport,
    ProgressReport,
    UpgradeRequest,
    VersionAsked,
    VersionReport,
)
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
)
SERVER_MESSAGES: st.SearchStrategy[Any] = st.one_of(
    st.builds(UpgradeRequest, message_id=TEXTS, image=IMAGES),
    st.builds(VersionAsked, message_id=TEXTS),
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
    st.builds(VersionReport, message_id=TEXTS, version=TEXTS, after_upgrade=st.just(True)),  # noqa: FBT003 - a strategy for one value
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
        write_status(_DEVICE, {_DEVICE: True, _CHILD: False}, "m"),
    ],
    [up_topic(_DEVICE), down_topic(_DEVICE)],
)
