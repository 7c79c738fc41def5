"""Hypothesis strategies for what crosses the Alink codecs."""

from __future__ import annotations

from hypothesis import strategies as st

from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
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

# Everything that can be stored: no NUL, no half of a surrogate pair.
TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30
)
MAYBE_TEXTS = st.just("") | TEXTS
# One level of a topic that matches only itself.
KEYS = st.text(
    st.characters(exclude_characters="\0/+#", exclude_categories=["Cs"]), min_size=1, max_size=20
)
# An ampersand would leave open where a product key begins in the username.
PRODUCT_KEYS = st.text("abcXYZ0123456789.-|", min_size=1, max_size=8)
DEVICES = st.builds(DeviceId, product_key=PRODUCT_KEYS, device_key=KEYS)

# Plain ids, ids that stand for numbers and for the older topic, and what looks like them.
IDS = MAYBE_TEXTS | st.from_regex(r"[=@#]{0,4}-?[0-9]{0,19}", fullmatch=True)
MODULES = st.just("") | TEXTS.filter(lambda name: name != "default")

_HEX = "0123456789abcdef"
_DIGESTS = st.tuples(st.just("md5"), st.text(_HEX, min_size=32, max_size=32)) | st.tuples(
    st.just("sha256"), st.text(_HEX, min_size=64, max_size=64)
)
_STREAMS = st.tuples(st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1))
IMAGES = st.builds(
    lambda version, place, size, digest, module: FirmwareImage(
        version,
        place if isinstance(place, str) else "",
        size,
        digest[1],
        digest[0],
        module,
        stream=None if isinstance(place, str) else place,
    ),
    TEXTS,
    TEXTS | _STREAMS,
    st.integers(0, 2**40),
    _DIGESTS,
    MODULES,
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

# Bytes that come close to a message: the right keys, and JSON of every shape.
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_INNER_KEYS = st.sampled_from(
    ["version", "step", "desc", "module", "size", "url", "sign", "signMethod", "md5", "dProtocol",
     "streamId", "streamFileId", "files", "fileInfo", "fileBlock", "offset", "deviceSecret"]
)  # fmt: skip
_WORDS = st.sampled_from(["Md5", "SHA256", "mqtt", "default", "5", "-3", "0" * 32])
_INNER = st.dictionaries(_INNER_KEYS, _JSON | _WORDS)
NEARLY_MESSAGES = st.dictionaries(
    st.sampled_from(["id", "params", "code", "data", "message", "version", "method"]),
    _JSON | _INNER | st.dictionaries(_INNER_KEYS, _INNER | st.lists(_INNER, max_size=2)),
)
