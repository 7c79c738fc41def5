"""Hypothesis strategies for what crosses the EnOS codecs."""

from __future__ import annotations

from hypothesis import strategies as st

from fleet_sim.dialects.enos.device import EnosDevice
from fleet_sim.dialects.enos.searches import LOCALES
from fleet_sim.dialects.enos.server import EnosServer
from fleet_sim.dialects.enos.topics import Leaf, topic_of
from fleet_sim.dialects.wire import WireMessage
from fleet_sim.model.failure import FailureCause
from fleet_sim.model.filters import AllOf, AnyOf, Comparison, Filter, Operator
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    Child,
    ChildClaim,
    ChildRefusal,
    DeviceMessage,
    FailureReport,
    GatewayAction,
    GatewayReply,
    GatewayRequest,
    ProgressReport,
    Proof,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from fleet_sim.model.northbound import JobOrder, Names, Page, Retry, Scope, Window
from tests.dialects.enos import gateway_samples
from tests.dialects.near_misses import near_wires, written

# Everything that can be stored: no NUL, no half of a surrogate pair.
_STORABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.text(_STORABLE, min_size=1, max_size=30)
_MAYBE = st.text(_STORABLE, max_size=30)
# One level of a topic that matches only itself.
KEYS = st.text(
    st.characters(exclude_characters="\0/+#", exclude_categories=["Cs"]), min_size=1, max_size=20
)
PRODUCT_KEYS = st.text("abcXYZ0123456789", min_size=1, max_size=8)
DEVICES = st.builds(DeviceId, product_key=PRODUCT_KEYS, device_key=KEYS)

_METHODS = st.sampled_from(["md5", "sha256"])
IMAGES = st.builds(
    FirmwareImage,
    version=TEXTS,
    url=TEXTS,
    size_bytes=st.integers(0, 2**40),
    digest=st.text("0123456789abcdef", min_size=1, max_size=64),
    digest_method=_METHODS,
)
_STEP_OF = {
    FailureCause.UPGRADE: -1,
    FailureCause.DOWNLOAD: -2,
    FailureCause.VERIFY: -3,
    FailureCause.FLASH: -4,
    FailureCause.DECLINED: -5,
}
_FAILURES = st.one_of(
    st.sampled_from(sorted(_STEP_OF.items())),
    st.tuples(st.just(FailureCause.OTHER), st.integers(-(10**9), -6)),
)
DEVICE_MESSAGES: st.SearchStrategy[DeviceMessage] = st.one_of(
    st.builds(VersionReport, message_id=_MAYBE, version=TEXTS),
    st.builds(
        ProgressReport,
        message_id=_MAYBE,
        percent=st.integers(0, 100),
        desc=_MAYBE,
    ),
    st.builds(
        lambda message_id, failure, desc: FailureReport(message_id, failure[0], desc, failure[1]),
        _MAYBE,
        _FAILURES,
        _MAYBE,
    ),
    st.builds(
        UpgradeReply,
        message_id=_MAYBE,
        code=st.integers(0, 99_999),
        text=_MAYBE,
    ),
    st.builds(VersionQuery, message_id=_MAYBE),
    st.builds(
        ActivationReply,
        message_id=_MAYBE,
        code=st.integers(0, 99_999),
        text=_MAYBE,
    ),
)
SERVER_MESSAGES: st.SearchStrategy[ServerMessage] = st.one_of(
    st.builds(UpgradeRequest, message_id=_MAYBE, image=IMAGES),
    st.builds(
        ReportReply,
        message_id=_MAYBE,
        to=st.sampled_from([VersionReport, ProgressReport]),
        code=st.integers(0, 99_999),
        text=_MAYBE,
    ),
    st.builds(VersionOffer, message_id=_MAYBE, images=st.lists(IMAGES, max_size=3).map(tuple)),
    st.builds(
        ActivationInfo,
        message_id=_MAYBE,
        asset_id=_MAYBE,
        secret=TEXTS,
    ),
)

# Bytes that come close to a message, each mostly on its own topic.
_DEVICE = DeviceId("pk1", "dk1")
_IMAGE = FirmwareImage("2.0", "http://b.example/2.0.bin", 43, "9e107d9d37", "md5")
NEAR_WIRES = near_wires(
    [
        *written(
            EnosDevice().encode,
            _DEVICE,
            VersionReport("1", "1.0"),
            ProgressReport("2", 35, "downloading"),
            FailureReport("3", FailureCause.FLASH, "no", -4),
            UpgradeReply("4", 200, "ok"),
            VersionQuery("5"),
            ActivationReply("6", 200, "ok"),
        ),
        *written(
            EnosServer().encode,
            _DEVICE,
            UpgradeRequest("7", _IMAGE),
            ReportReply("8", VersionReport, 200, "ok"),
            VersionOffer("9", (_IMAGE, _IMAGE)),
            ActivationInfo("10", "asset", "secret"),
        ),
    ],
    [topic_of(_DEVICE, leaf) for leaf in Leaf],
)


# A gateway's requests: what they say of a child is worth a secret, or they need none.
def _requests(
    actions: tuple[GatewayAction, ...], proofs: tuple[Proof, ...], most: int, least: int = 1
) -> st.SearchStrategy[GatewayRequest]:
    claims = st.builds(ChildClaim, device=DEVICES, proof=st.sampled_from(proofs))
    several = st.lists(
        claims, min_size=least, max_size=most, unique_by=lambda claim: claim.device.product_key
    )
    return st.builds(
        GatewayRequest,
        message_id=_MAYBE,
        action=st.sampled_from(actions),
        children=several.map(tuple),
    )


_SIGNED = (Proof.OWN, Proof.PRODUCT)
GATEWAY_REQUESTS: st.SearchStrategy[GatewayRequest] = st.one_of(
    _requests((GatewayAction.LOGIN,), _SIGNED, 1),
    _requests((GatewayAction.BATCH_LOGIN, GatewayAction.ADD), _SIGNED, 3, 0),
    _requests((GatewayAction.LOGOUT,), (Proof.NONE,), 1),
    _requests((GatewayAction.REMOVE,), (Proof.NONE,), 3, 0),
    st.builds(GatewayRequest, message_id=_MAYBE, action=st.just(GatewayAction.LIST)),
)
_CHILDREN = st.builds(
    Child,
    device=DEVICES,
    asset_id=_MAYBE,
    secret=_MAYBE,
)
_NAMED = st.builds(Child, device=DEVICES)
# A batch's refusals come back under one reason, so they are made with one.
_REFUSED = st.builds(
    lambda devices, why: tuple((device, why) for device in devices),
    st.lists(DEVICES, max_size=3),
    st.sampled_from(ChildRefusal),
)


def _replies(
    actions: tuple[GatewayAction, ...],
    children: st.SearchStrategy[list[Child]],
    refused: st.SearchStrategy[tuple[tuple[DeviceId, ChildRefusal], ...]],
) -> st.SearchStrategy[GatewayReply]:
    return st.builds(
        GatewayReply,
        message_id=_MAYBE,
        action=st.sampled_from(actions),
        children=children.map(tuple),
        refused=refused,
    )


_NOBODY: st.SearchStrategy[tuple[tuple[DeviceId, ChildRefusal], ...]] = st.just(())
GATEWAY_REPLIES: st.SearchStrategy[GatewayReply] = st.one_of(
    _replies((GatewayAction.LOGIN,), st.lists(_CHILDREN, min_size=1, max_size=1), _NOBODY),
    _replies((GatewayAction.LOGIN,), st.just([]), _REFUSED.filter(lambda all_: len(all_) == 1)),
    _replies((GatewayAction.BATCH_LOGIN,), st.lists(_CHILDREN, max_size=3), _REFUSED),
    _replies((GatewayAction.LOGOUT,), st.lists(_NAMED, max_size=1), _NOBODY),
    _replies((GatewayAction.LIST,), st.lists(_NAMED, max_size=3), _NOBODY),
    _replies((GatewayAction.ADD, GatewayAction.REMOVE), st.just([]), _NOBODY),
)

_COMBINE, _TOPO = "/ext/session/gw/g1/combine/", "/sys/gw/g1/thing/topo/"
_GATEWAY_WIRES = [
    WireMessage(topic, payload)
    for topic, payload in (
        (f"{_COMBINE}login", gateway_samples.LOGIN),
        (f"{_COMBINE}login", gateway_samples.PYTHON_LOGIN),
        (f"{_COMBINE}login_reply", gateway_samples.LOGIN_ANSWER),
        (f"{_COMBINE}login/batch", gateway_samples.BATCH),
        (f"{_COMBINE}login/batch", gateway_samples.PYTHON_BATCH),
        (f"{_COMBINE}login/batch_reply", gateway_samples.BATCH_ANSWER_IN_PART),
        (f"{_COMBINE}logout", gateway_samples.LOGOUT),
        (f"{_COMBINE}logout_reply", gateway_samples.LOGOUT_ANSWERS[0]),
        (f"{_TOPO}add", gateway_samples.ADD),
        (f"{_TOPO}add", gateway_samples.PYTHON_ADD),
        (f"{_TOPO}delete", gateway_samples.REMOVE),
        (f"{_TOPO}get", gateway_samples.LIST),
        (f"{_TOPO}get_reply", gateway_samples.LIST_ANSWER),
    )
]
NEAR_GATEWAY_WIRES = near_wires(_GATEWAY_WIRES, [wire.topic for wire in _GATEWAY_WIRES])

NAMES = st.builds(
    Names,
    default=TEXTS,
    by_locale=st.dictionaries(st.sampled_from(LOCALES), TEXTS, max_size=2).map(
        lambda texts: tuple(sorted(texts.items()))
    ),
)
PAGES = st.builds(
    Page,
    number=st.none() | st.integers(1, 10**6),
    size=st.none() | st.integers(1, 10**6),
)
_TUPLES = st.lists(TEXTS, min_size=1, max_size=2).map(tuple)
_PAIRS = st.dictionaries(TEXTS, _TUPLES, min_size=1, max_size=2).map(
    lambda mapping: tuple(sorted(mapping.items()))
)
_TREES = st.lists(
    st.tuples(TEXTS, st.lists(TEXTS, max_size=2).map(tuple)), min_size=1, max_size=3
).map(tuple)
_PRODUCTS = st.just("") | PRODUCT_KEYS
_VERSIONS = st.lists(TEXTS, max_size=2).map(tuple)
SCOPES = st.one_of(
    st.builds(Scope, product_key=_PRODUCTS, versions=_VERSIONS),
    *(
        st.builds(
            Scope,
            product_key=_PRODUCTS,
            versions=_VERSIONS,
            total=st.just(False),  # noqa: FBT003 - a strategy for one value
            **{selector: values},
        )
        for selector, values in (
            ("device_keys", _TUPLES),
            ("attributes", _PAIRS),
            ("tags", _PAIRS),
            ("trees", _TREES),
            ("groups", _TUPLES),
            ("asset_ids", _TUPLES),
        )
    ),
)
WINDOWS = st.builds(
    lambda start, length, zone: Window(start, start + length, utc_offset_minutes=zone),
    st.integers(0, 2 * 10**12),
    st.integers(1_800_000, 10**11),
    st.integers(-720, 840),
) | st.builds(
    lambda start, length: Window(start, start + length, repeat_daily=True),
    st.integers(0, 2 * 10**12),
    st.integers(1_800_000, 86_400_000),
)
ORDERS = st.one_of(
    st.builds(
        JobOrder,
        firmware_id=TEXTS,
        kind=st.just("upgrade"),
        scope=SCOPES,
        names=st.none() | NAMES,
        open_list=st.booleans(),
        devices_must_ask=st.booleans(),
        timeout_s=st.none() | st.integers(300, 172_800),
        retry=st.none()
        | st.builds(Retry, count=st.integers(1, 5), interval_s=st.integers(0, 86_400)),
        window=st.none() | WINDOWS,
        concurrency=st.none() | st.integers(1, 2**31 - 1),
    ),
    st.builds(
        JobOrder,
        firmware_id=TEXTS,
        kind=st.just("verify"),
        scope=SCOPES,
        names=st.none() | NAMES,
        timeout_s=st.none() | st.integers(300, 172_800),
    ),
)


def _exact(field: str) -> st.SearchStrategy[Filter]:
    equal = st.builds(Comparison, st.just(field), st.just(Operator.EQUAL), st.tuples(TEXTS))
    within = st.builds(
        Comparison,
        st.just(field),
        st.just(Operator.IN),
        st.lists(TEXTS, min_size=2, max_size=4).map(tuple),
    )
    return equal | within


_STATUSES = st.sampled_from(["queued", "pushed", "under_way", "succeeded"]).map(
    lambda status: Comparison("status", Operator.EQUAL, (status,))
)
_FAILED = st.just(Comparison("status", Operator.IN, ("failed", "cancelled")))
_UNKNOWN = st.builds(
    Comparison,
    st.sampled_from(["noSuchField", "a.b", "x_1"]),
    st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL, Operator.LIKE]),
    st.tuples(TEXTS | st.booleans()),
)


def _compound(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(AllOf, several) | st.builds(AnyOf, several)


# Filters of the task search that mean the same before and after the wire.
TASK_FILTERS: st.SearchStrategy[Filter] = st.recursive(
    st.one_of(
        *(_exact(field) for field in ("job_id", "device_key", "from_version", "desc")),
        _STATUSES,
        _FAILED,
        _UNKNOWN,
    ),
    _compound,
    max_leaves=8,
)
