"""Hypothesis strategies for what crosses the TuyaLink codecs."""

from __future__ import annotations

from hypothesis import strategies as st

from fleet_sim.dialects.tuyalink.device import TuyaLinkDevice
from fleet_sim.dialects.tuyalink.names import Names
from fleet_sim.dialects.tuyalink.server import TuyaLinkServer
from fleet_sim.dialects.tuyalink.topics import Leaf, topic_of
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ServerMessage,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from tests.dialects.near_misses import near_wires, written

# Everything that can be stored: no NUL, no half of a surrogate pair.
_STORABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.text(_STORABLE, min_size=1, max_size=30)
IDS = st.text(_STORABLE, max_size=30)
# What an id can hold, dots and percent signs included.
KEYS = st.text(
    st.characters(exclude_characters="\0/+#|,", exclude_categories=["Cs"]), min_size=1, max_size=20
)
DEVICES = st.builds(DeviceId, product_key=KEYS | st.text(".%2E5a", min_size=1), device_key=KEYS)

MODULES = st.sampled_from(["", *(str(number) for number in range(1, 20))])

_HEX = "0123456789abcdef"
_HMACS = st.text(_HEX, min_size=64, max_size=64)
IMAGES = st.builds(
    FirmwareImage,
    version=TEXTS,
    url=TEXTS,
    size_bytes=st.integers(0, 2**40),
    digest=st.text(_HEX, min_size=32, max_size=32),
    digest_method=st.just("md5"),
    module=MODULES,
    hmac=st.just("") | _HMACS,
) | st.builds(
    FirmwareImage,
    version=TEXTS,
    url=TEXTS,
    size_bytes=st.integers(0, 2**40),
    digest=st.just(""),
    digest_method=st.just("sha256"),
    module=MODULES,
    hmac=_HMACS,
)

_FAILURES = st.sampled_from(
    [
        (FailureCause.DECLINED, -41),
        (FailureCause.DOWNLOAD, -44),
        (FailureCause.VERIFY, -45),
        (FailureCause.FLASH, -47),
        (FailureCause.UPGRADE, -48),
    ]
) | st.tuples(st.just(FailureCause.OTHER), st.integers(-(10**9), -51))


def _several(
    message_id: str, parts: list[tuple[str, str]], *, after_upgrade: bool
) -> VersionReport:
    """Make a report of these parts, the main one first, as it is read."""
    (module, version), *others = sorted(parts, key=lambda each: each[0] != "")
    return VersionReport(message_id, version, module, after_upgrade, beside=tuple(others))


DEVICE_MESSAGES: st.SearchStrategy[DeviceMessage] = st.one_of(
    st.builds(
        _several,
        message_id=IDS,
        parts=st.lists(
            st.tuples(MODULES, TEXTS), min_size=1, max_size=4, unique_by=lambda each: each[0]
        ),
        after_upgrade=st.booleans(),
    ),
    st.builds(ProgressReport, message_id=IDS, percent=st.integers(0, 100), module=MODULES),
    st.builds(
        lambda message_id, failure, desc, module: FailureReport(
            message_id, failure[0], desc, failure[1], module
        ),
        IDS,
        _FAILURES,
        IDS,
        MODULES,
    ),
    st.builds(VersionQuery, message_id=IDS),
)
SERVER_MESSAGES: st.SearchStrategy[ServerMessage] = st.one_of(
    st.builds(UpgradeRequest, message_id=IDS, image=IMAGES),
    st.builds(VersionOffer, message_id=IDS, images=st.lists(IMAGES, max_size=1).map(tuple)),
)

# Bytes that come close to a message, each mostly on its own topic.
_DEVICE = DeviceId("prod1", "dev1")
_IMAGE = FirmwareImage("2.0.0", "http://h/fw", 5, "0" * 32, "md5", "9", hmac="a" * 64)
NEAR_WIRES = near_wires(
    [
        *written(
            TuyaLinkDevice(names=Names("prod1")).encode,
            _DEVICE,
            VersionReport("1", "1.0.0"),
            VersionReport("2", "1.0.0", "9", after_upgrade=True, beside=(("3", "1"),)),
            ProgressReport("3", 35, module="9"),
            FailureReport("4", FailureCause.FLASH, "no", -47, "9"),
            VersionQuery("5"),
        ),
        *written(
            TuyaLinkServer(names=Names("prod1")).encode,
            _DEVICE,
            UpgradeRequest("6", _IMAGE),
            VersionOffer("7", (_IMAGE,)),
            VersionOffer("8"),
        ),
    ],
    [topic_of("dev1", leaf) for leaf in Leaf],
)
