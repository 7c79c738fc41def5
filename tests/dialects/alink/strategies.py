"""Hypothesis strategies for what crosses the Alink codecs."""

from __future__ import annotations

from hypothesis import strategies as st

from fleet_sim.dialects.alink.blocks import write_block
from fleet_sim.dialects.alink.device import AlinkDevice
from fleet_sim.dialects.alink.server import AlinkServer
from fleet_sim.dialects.alink.topics import Topic, topic_of
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    Block,
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ServerMessage,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from tests.dialects.alink import samples
from tests.dialects.near_misses import near_misses, near_wires, written

# Everything that can be stored: no NUL, no half of a surrogate pair.
_STORABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.text(_STORABLE, min_size=1, max_size=30)
MAYBE_TEXTS = st.text(_STORABLE, max_size=30)
# One level of a topic that matches only itself.
KEYS = st.text(
    st.characters(exclude_characters="\0/+#", exclude_categories=["Cs"]), min_size=1, max_size=20
)
# An ampersand would leave open where a product key begins in the username.
PRODUCT_KEYS = st.text("abcXYZ0123456789.-|", min_size=1, max_size=8)
DEVICES = st.builds(DeviceId, product_key=PRODUCT_KEYS, device_key=KEYS)

# Plain ids, ids that stand for numbers and for the older topic, and what looks like them.
IDS = MAYBE_TEXTS | st.builds(
    str.__add__,
    st.sampled_from(["", "=", "@", "#", "@#", "=@", "=#", "@@", "#@", "@=#"]),
    st.text("0123456789-", max_size=20),
)
MODULES = st.just("") | TEXTS.filter(lambda name: name != "default")

_HEX = "0123456789abcdef"
_DIGESTS = st.tuples(st.just("md5"), st.text(_HEX, min_size=32, max_size=32)) | st.tuples(
    st.just("sha256"), st.text(_HEX, min_size=64, max_size=64)
)
_STREAMS = st.tuples(st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1))
IMAGES = st.builds(
    lambda version, place, size, digest, module, said: FirmwareImage(
        version,
        place if isinstance(place, str) else "",
        size,
        digest[1],
        digest[0],
        module,
        stream=None if isinstance(place, str) else place,
        is_patch=said[0],
        custom=said[1],
        tags=tuple(said[2].items()),
    ),
    TEXTS,
    TEXTS | _STREAMS,
    st.integers(0, 2**40),
    _DIGESTS,
    MODULES,
    st.tuples(
        st.booleans(),
        MAYBE_TEXTS,
        st.dictionaries(TEXTS.filter(lambda key: key != "_package_udi"), MAYBE_TEXTS, max_size=3),
    ),
)

_FAILURES = st.sampled_from(
    [
        (FailureCause.UPGRADE, -1),
        (FailureCause.DOWNLOAD, -2),
        (FailureCause.VERIFY, -3),
        (FailureCause.FLASH, -4),
    ]
) | st.tuples(st.just(FailureCause.OTHER), st.integers(-(10**9), -5))
BLOCK_REQUESTS = st.builds(
    BlockRequest,
    message_id=IDS,
    stream=_STREAMS,
    offset=st.integers(0, 2**24 - 1),
    size_bytes=st.integers(1, 131_072),
)
DEVICE_MESSAGES: st.SearchStrategy[DeviceMessage | BlockRequest] = st.one_of(
    st.builds(VersionReport, message_id=IDS, version=TEXTS, module=MODULES),
    st.builds(
        ProgressReport,
        message_id=IDS,
        percent=st.integers(0, 100),
        desc=MAYBE_TEXTS,
        module=MODULES,
    ),
    st.builds(
        lambda message_id, failure, desc, module: FailureReport(
            message_id, failure[0], desc, failure[1], module
        ),
        IDS,
        _FAILURES,
        MAYBE_TEXTS,
        MODULES,
    ),
    st.builds(VersionQuery, message_id=IDS, module=MODULES),
    BLOCK_REQUESTS,
)
BLOCKS = st.builds(
    Block,
    message_id=IDS,
    offset=st.integers(0, 2**24 - 1),
    content=st.binary(max_size=600),
    file_size_bytes=st.integers(0, 2**24),
) | st.builds(
    Block,
    message_id=IDS,
    offset=st.integers(0, 2**24 - 1),
    content=st.just(b""),
    file_size_bytes=st.integers(0, 2**24),
    code=st.integers(0, 99_999),
)
SERVER_MESSAGES: st.SearchStrategy[ServerMessage | Block] = st.one_of(
    st.builds(UpgradeRequest, message_id=IDS, image=IMAGES),
    st.builds(VersionOffer, message_id=IDS, images=st.lists(IMAGES, max_size=1).map(tuple)),
    BLOCKS,
)

# Bytes that come close to a message, each mostly on its own topic.
_DEVICE = DeviceId("pk1", "dev1")
_MD5 = "5d41402abc4b2a76b9719d911017c592"
_IMAGE = FirmwareImage("2.0.0", "http://h/f", 5, _MD5, "md5", "MCU")
_IN_BLOCKS = FirmwareImage("2.0.0", "", 5, _MD5 * 2, "sha256", stream=(1397345, 1))
TOPICS = (*(topic_of(_DEVICE, topic) for topic in Topic), "/ext/register", "/ext/regnwl")
NEAR_WIRES = near_wires(
    [
        *written(
            AlinkDevice().encode,
            _DEVICE,
            VersionReport("1", "1.0.0", "MCU"),
            ProgressReport("2", 35, "downloading", "MCU"),
            FailureReport("3", FailureCause.FLASH, "no", -4, "MCU"),
            VersionQuery("4", "MCU"),
            VersionQuery("@#8"),
            BlockRequest("5", (1397345, 1), 0, 5120),
        ),
        *written(
            AlinkServer().encode,
            _DEVICE,
            UpgradeRequest("#6", _IMAGE),
            UpgradeRequest("7", _IN_BLOCKS),
            VersionOffer("8", (_IMAGE,)),
            VersionOffer("@#9"),
            Block("10", 0, b"123456789", 5120),
            ActivationInfo("", "", "s3cret"),
        ),
        WireMessage(topic_of(_DEVICE, Topic.DOWNLOAD), samples.C_BLOCK),
        WireMessage(topic_of(_DEVICE, Topic.INFORM), samples.PYTHON_INFORM),
    ],
    TOPICS,
)
# A frame whose length fits, so that its JSON is looked at.
NEAR_FRAMES = near_misses(
    b'{"id":"1","code":200,"data":{"fileToken":"default","fileLength":9,"bSize":0,"bOffset":0}}',
    b'{"id":"1","code":6203,"message":"gone"}',
).map(lambda header: len(header).to_bytes(2, "big") + header + b"\x00\x00") | near_misses(
    write_block(Block("1", 0, b"123456789", 5120))
)
