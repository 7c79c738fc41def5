"""Hypothesis strategies for what crosses Huawei's codecs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fleet_sim.dialects.huawei.images import SOFTWARE
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
from fleet_sim.model.northbound import JobOrder, Retry, Scope, Window
from tests.dialects.huawei.shelf import NOW

# Everything that can be stored: no NUL, no half of a surrogate pair.
TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30
)
_ANY_TEXT = st.just("") | TEXTS
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

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_PARAS = st.dictionaries(
    st.sampled_from(
        [
            "version",
            "progress",
            "result_code",
            "description",
            "fw_version",
            "sw_version",
            "url",
            "file_size",
            "sign",
            "access_token",
            "device_statuses",
        ]
    ),
    _JSON | st.sampled_from([0, 100, "1.0", "a" * 64]),
)
_EVENTS = st.sampled_from(
    [
        "version_query",
        "version_report",
        "firmware_upgrade",
        "firmware_upgrade_v2",
        "software_upgrade",
        "upgrade_progress_report",
        "sub_device_update_status",
    ]
)
_SERVICES = st.fixed_dictionaries(
    {},
    optional={
        "service_id": st.sampled_from(["$ota", "$sub_device_manager"]) | _JSON,
        "event_type": _EVENTS | _JSON,
        "event_time": _JSON,
        "event_id": _JSON,
        "paras": _PARAS | _JSON,
    },
)
# JSON with the right keys and any values.
NEARLY_EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "object_device_id": _JSON | st.sampled_from(["p1_d1", "p1_d2", "", "p1"]),
        "services": st.lists(_SERVICES | _JSON, max_size=3) | _JSON,
    },
)

# What OceanConnect can ask for, of product p1.
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
