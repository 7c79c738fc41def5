"""The laws that hold for every codec of Huawei's, as data: examples of what, and what must hold.

Two kinds: what is written is read as it was (round trip), and whatever comes is read or refused by
the one error that is meant for it (garbage). A check fails by any other exception.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from fleet_sim.dialects.credentials import Identity
from fleet_sim.dialects.http import HttpPart, HttpRequest, HttpResponse
from fleet_sim.dialects.huawei.admin import OBJECTS_PATH, PACKAGES_PATH, Objects, read_upload
from fleet_sim.dialects.huawei.children import read_status, write_status
from fleet_sim.dialects.huawei.client import HuaweiOperator
from fleet_sim.dialects.huawei.contract import CONTRACT
from fleet_sim.dialects.huawei.device import HuaweiDevice
from fleet_sim.dialects.huawei.images import UPGRADES, event_of, image_fields, read_image
from fleet_sim.dialects.huawei.names import down_topic, speaker_of, up_topic
from fleet_sim.dialects.huawei.oc_rows import (
    operation_fields,
    read_operation,
    read_suboperation,
    suboperation_fields,
)
from fleet_sim.dialects.huawei.oc_tokens import LOGIN_PATH, REFRESH_PATH, TokenService
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from fleet_sim.dialects.huawei.operations import read_wanted, write_wanted
from fleet_sim.dialects.huawei.packages import category_fields, read_category
from fleet_sim.dialects.huawei.server import HuaweiServer
from fleet_sim.dialects.huawei.talk import ApiError
from fleet_sim.dialects.huawei.times import read_hour, read_stamp, stamp
from fleet_sim.dialects.huawei.v5_auth import check, read_proof, signed
from fleet_sim.dialects.huawei.v5_packages import read_package
from fleet_sim.dialects.huawei.v5_tasks import read_order
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import (
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    FirmwareOrder,
    FirmwareRow,
    GetFirmware,
    GetJob,
    JobOrder,
    JobRow,
    JobStatus,
    Names,
    Scope,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    StopJob,
    TaskRow,
    TaskStatus,
)
from tests.dialects.huawei.scene import BATCHES, ORG, PACKAGES, Scene
from tests.dialects.huawei.shelf import NOW
from tests.dialects.huawei.strategies import (
    DEVICE_MESSAGES,
    DEVICES,
    IMAGES,
    NEAR_WIRES,
    ORDERS,
    PRODUCT_KEYS,
    SERVER_MESSAGES,
    TEXTS,
)
from tests.dialects.keys import Keys

_DEVICE, _GATEWAY = DeviceId("p1", "d1"), DeviceId("p1", "g1")
_FAMILY = {_DEVICE: _GATEWAY}.get
_IDS = st.text("0123456789abcdef", min_size=24, max_size=24)
_SECONDS = st.integers(0, 253_402_300_799)


@dataclass(frozen=True, slots=True)
class Law:
    """One of them.

    Attributes:
        examples: Of what.
        holds: Raises where it does not.
    """

    examples: st.SearchStrategy[Any]
    holds: Callable[[Any], None]


def _refused(call: Callable[[], object], *errors: type[Exception]) -> None:
    """Let a call go well or raise one of these, with something to say."""
    try:
        call()
    except errors as error:
        assert str(error)  # noqa: PT017 - most garbage is refused, some may be read


def _near(*names: str) -> st.SearchStrategy[Any]:
    """Return JSON in which these names stand, with any values under them."""
    leaves = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
        | st.text(max_size=6) | st.sampled_from(["p1_d1", "now", "custom", "20260301T010000Z"])
    )  # fmt: skip
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(names) | st.text(max_size=3), inner, max_size=4)
        ),
        max_leaves=8,
    )


def _bytes_of(*names: str) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=60) | _near(*names).map(lambda value: json.dumps(value).encode())


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {"data": value}


_EVENTS = NEAR_WIRES.map(lambda near: near[1])

# --- devices ---------------------------------------------------------------------------------


def _push_comes_back(example: tuple[DeviceId, Any]) -> None:
    device, message = example
    wire = HuaweiServer().encode(device, message)
    assert wire is not None
    assert HuaweiDevice().decode(device, wire.topic, wire.payload) == message


def _report_comes_back(example: tuple[DeviceId, Any]) -> None:
    device, message = example
    wire = HuaweiDevice().encode(device, message)
    assert wire is not None
    assert HuaweiServer().decode(wire.topic, wire.payload) == (device, message)


def _device_tolerates(payload: bytes) -> None:
    _refused(lambda: HuaweiDevice().decode(_DEVICE, down_topic(_DEVICE), payload), DialectError)


def _server_tolerates(payload: bytes) -> None:
    for codec in (HuaweiServer(), HuaweiServer(_FAMILY)):
        for device in (_DEVICE, _GATEWAY):
            topic = up_topic(device)
            _refused(lambda codec=codec, topic=topic: codec.decode(topic, payload), DialectError)  # type: ignore[misc]


def _status_comes_back(example: tuple[DeviceId, Mapping[DeviceId, bool]]) -> None:
    gateway, children = example
    wire = write_status(gateway, children, "m")
    assert read_status(wire.topic, wire.payload) == (gateway, children)


def _image_comes_back(image: Any) -> None:  # noqa: ANN401 - an image
    assert read_image(event_of(image), image_fields(image)) == image


def _connect_is_known(example: tuple[DeviceId, str, str, int]) -> None:
    device, secret, sig, epoch_s = example
    mine = HuaweiDevice(sig=sig).credentials(device, secret, epoch_ms=epoch_s * 1000)
    server = HuaweiServer(clock=lambda: epoch_s * 1000)
    keys = Keys({device: secret})
    given = mine.client_id, mine.username
    assert server.identify(*given, mine.password.encode(), keys) == Identity(device)
    assert server.identify(*given, mine.password[:-1].encode(), keys) != Identity(device)


def _connect_is_refused(example: tuple[str, str, bytes | None]) -> None:
    assert HuaweiServer().identify(*example, Keys({_DEVICE: "s"})) in {2, 4, 5}


def _topic_is_read(topic: str) -> None:
    _refused(lambda: speaker_of(topic), DialectError)


def _instant_comes_back(epoch_s: int) -> None:
    assert read_stamp(stamp(epoch_s * 1000)) == epoch_s * 1000


def _instant_is_read(text: str) -> None:
    _refused(lambda: read_stamp(text), DialectError)
    _refused(lambda: read_hour(text), DialectError)


# --- northbound ------------------------------------------------------------------------------


def _order_comes_back(order: JobOrder) -> None:
    body = json.dumps(write_wanted(order, "p1", NOW)).encode()
    assert read_wanted(body, CONTRACT, NOW).order == order


def _bodies_are_read(body: bytes) -> None:
    objects = Objects()
    objects.put("bucket", "fw.bin", b"x")
    part = HttpPart("package", body), HttpPart("file", b"x", file_name="fw.bin")
    _refused(lambda: read_wanted(body, CONTRACT, NOW), ApiError)
    _refused(lambda: read_order(body, CONTRACT, NOW), ApiError)
    _refused(lambda: read_package(body, objects), ApiError)
    _refused(lambda: read_upload(part, "p1"), ApiError)


def _job_comes_back(row: JobRow) -> None:
    found = read_operation(json.loads(json.dumps(operation_fields(row))))
    assert (found.job_id, found.firmware_version) == (row.job_id, row.firmware_version)
    assert (found.product_key, found.order.scope) == (row.product_key, row.order.scope)
    assert (found.order.retry, found.order.window) == (row.order.retry, row.order.window)
    assert sum(dict(found.counts).values()) == sum(dict(row.counts).values())


def _task_comes_back(row: TaskRow) -> None:
    fields = json.loads(json.dumps(suboperation_fields(row, "firmware_upgrade")))
    found = read_suboperation(fields, row.job_id)
    assert suboperation_fields(found, "firmware_upgrade") == fields


def _package_comes_back(row: FirmwareRow) -> None:
    assert read_category(json.loads(json.dumps(category_fields(row)))) == row


def _rows_are_read(fields: Mapping[str, Any]) -> None:
    _refused(lambda: read_operation(fields), DialectError)
    _refused(lambda: read_suboperation(fields, "j"), DialectError)
    _refused(lambda: read_category(fields), DialectError)


def _request_is_answered(request: HttpRequest) -> None:
    """Hold the whole conversation, at a gate with a package and a task of either generation."""
    scene = Scene()
    scene.ordered("p1_d1")
    status, body = scene.send(request)
    assert 200 <= status < 500, body


def _answer_is_read(example: tuple[Any, int, bytes]) -> None:
    call, status, body = example
    operator = HuaweiOperator(ORG, "", "")
    _refused(lambda: operator.answer(call, HttpResponse(status, body)), DialectError)


def _signature_comes_back(request: HttpRequest) -> None:
    mine = signed(request, "A", "s", NOW)
    check(mine, {"A": "s"}, is_token=lambda _: False, is_needed=True)
    changed = HttpRequest(mine.method, mine.path, mine.query, mine.headers, mine.body + b"x")
    _refused(lambda: _is_let_in(changed), ApiError)


def _is_let_in(request: HttpRequest) -> None:
    check(request, {"A": "s"}, is_token=lambda _: False, is_needed=True)
    raise AssertionError("a changed body was let in")


def _token_is_refused(text: str) -> None:
    assert not TokenService({"A": "s"}, 7).is_valid(text, "A", NOW)
    assert read_proof(text) is None


_ROUTES = (
    CATEGORY, f"{CATEGORY}/{1:024x}", OPERATIONS, f"{OPERATIONS}/{1:023x}a",
    f"{OPERATIONS}/{1:023x}a/subOperations", f"{OPERATIONS}/firmwareUpgrade",
    f"{OPERATIONS}/softwareUpgrade", PACKAGES_PATH, LOGIN_PATH, REFRESH_PATH, BATCHES,
    *(f"{BATCHES}/{1:023x}a{verb}" for verb in ("", "/stop", "/retry", "/confirm")), PACKAGES,
    f"{PACKAGES}/{1:024x}", f"{OBJECTS_PATH}b/k", "/v5/iot/",
)  # fmt: skip
_PARAMETERS = (
    "pageNo", "pageSize", "deviceId", "operationStatus", "operationType", "model", "fileType",
    "subOperationStatus", "task_type", "status", "limit", "marker", "offset", "package_type",
    "task_detail_status", "target",
)  # fmt: skip
_BODY_NAMES = (
    "fileId", "targets", "devices", "deviceGroups", "policy", "executeType", "startTime",
    "endTime", "retryType", "retryTimes", "task_name", "task_type", "document", "package_ids",
    "task_policy", "schedule_time", "retry_count", "retry_interval", "version", "product_id",
    "package_type", "file_location", "obs_location", "object_key", "model", "appId", "secret",
)  # fmt: skip
_ROW_NAMES = (
    "operationId", "status", "staResult", "targets", "policy", "devices", "extendPara", "total",
    "subOperationId", "deviceId", "createTime", "fileId", "version", "uploadTime", "data",
    "pageNo", "pageSize", "totalCount", "error_code", "error_desc",
)  # fmt: skip
_REQUESTS = st.builds(
    HttpRequest,
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    path=st.sampled_from(_ROUTES) | st.text(max_size=12).map(lambda text: f"/v5/{text}"),
    query=st.lists(
        st.tuples(
            st.sampled_from(_PARAMETERS) | st.text(max_size=4),
            st.sampled_from(["0", "1", "firmwareUpgrade", "firmwarePackage"]) | st.text(max_size=4),
        ),
        max_size=3,
    ).map(tuple),
    body=_bytes_of(*_BODY_NAMES),
)
_CALLS = st.sampled_from(
    [GetJob("j"), GetFirmware("f"), SearchJobs(), SearchFirmware(), SearchTasks(), StopJob("j"),
     DeleteFirmware("f"), CreateJob(JobOrder("f", "upgrade", Scope("p1"))),
     CreateFirmware(FirmwareOrder("p1", Names("n"), "2", "", "sha256", "f"), b"")]
)  # fmt: skip
_JOBS = st.builds(
    JobRow,
    job_id=_IDS,
    product_key=st.just("p1"),
    order=ORDERS,
    firmware_version=TEXTS,
    firmware_names=st.just(Names("n")),
    status=st.sampled_from(JobStatus),
    created_epoch_ms=st.just(NOW),
    counts=st.dictionaries(st.sampled_from(TaskStatus), st.integers(1, 9)).map(
        lambda counts: tuple(counts.items())
    ),
)
_TASKS = st.builds(
    TaskRow,
    task_id=_IDS,
    job_id=_IDS,
    product_key=PRODUCT_KEYS,
    device_key=TEXTS,
    asset_id=st.just(""),
    from_version=TEXTS,
    to_version=TEXTS,
    status=st.sampled_from(TaskStatus),
    progress=st.none(),
    desc=st.none() | TEXTS,
    updated_epoch_ms=_SECONDS.map(lambda one: one * 1000),
    created_epoch_ms=st.none() | _SECONDS.map(lambda one: one * 1000),
    started_epoch_ms=st.none() | _SECONDS.map(lambda one: one * 1000),
)
_PACKAGE_ROWS = st.builds(
    FirmwareRow,
    firmware_id=_IDS,
    order=st.builds(
        FirmwareOrder,
        product_key=PRODUCT_KEYS,
        names=TEXTS.map(Names),
        version=TEXTS,
        digest=st.just(""),
        digest_method=st.just(""),
        file_name=st.just(""),
        desc=TEXTS,
        tags=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS).map(
            lambda texts: tuple(
                zip(
                    ("date", "deviceType", "fileType", "manufacturerName", "protocolType"),
                    texts,
                    strict=True,
                )
            )
        ),
    ),
    url=st.just(""),
    size_bytes=st.just(0),
    is_verified=st.just(True),  # noqa: FBT003 - a strategy for one value
    created_epoch_ms=_SECONDS.map(lambda one: one * 1000),
)

LAWS: Mapping[str, Law] = {
    "push": Law(st.tuples(DEVICES, SERVER_MESSAGES), _push_comes_back),
    "push garbage": Law(_EVENTS, _device_tolerates),
    "report": Law(st.tuples(DEVICES, DEVICE_MESSAGES), _report_comes_back),
    "report garbage": Law(_EVENTS, _server_tolerates),
    "image": Law(IMAGES, _image_comes_back),
    "image garbage": Law(
        st.tuples(st.sampled_from(sorted(UPGRADES)), _near("version", "url", "file_size", "sign")),
        lambda example: _refused(lambda: read_image(example[0], _object(example[1])), DialectError),
    ),
    "children": Law(
        st.tuples(DEVICES, st.dictionaries(DEVICES, st.booleans(), max_size=4)), _status_comes_back
    ),
    "children garbage": Law(
        _EVENTS,
        lambda payload: _refused(lambda: read_status(up_topic(_GATEWAY), payload), DialectError),
    ),
    "connect": Law(st.tuples(DEVICES, TEXTS, st.sampled_from("01"), _SECONDS), _connect_is_known),
    "connect garbage": Law(
        st.tuples(
            st.text(max_size=40) | st.text(max_size=9).map("p1_d1_0_0_{}".format),
            st.text(max_size=20) | st.just("p1_d1"),
            st.none() | st.binary(max_size=70),
        ),
        _connect_is_refused,
    ),
    "topic garbage": Law(
        st.text(max_size=40) | st.text(max_size=9).map("$oc/devices/{}/sys/events/up".format),
        _topic_is_read,
    ),
    "instant": Law(_SECONDS, _instant_comes_back),
    "instant garbage": Law(
        st.text(max_size=20) | st.text("0123456789TZ", max_size=16), _instant_is_read
    ),
    "order": Law(ORDERS, _order_comes_back),
    "body garbage": Law(_bytes_of(*_BODY_NAMES), _bodies_are_read),
    "operation": Law(_JOBS, _job_comes_back),
    "suboperation": Law(_TASKS, _task_comes_back),
    "package": Law(_PACKAGE_ROWS, _package_comes_back),
    "row garbage": Law(_near(*_ROW_NAMES).map(_object), _rows_are_read),
    "request garbage": Law(_REQUESTS, _request_is_answered),
    "answer garbage": Law(
        st.tuples(_CALLS, st.sampled_from([200, 201, 204, 400, 404, 500]), _bytes_of(*_ROW_NAMES)),
        _answer_is_read,
    ),
    "signature": Law(_REQUESTS, _signature_comes_back),
    "token garbage": Law(st.text(max_size=60), _token_is_refused),
}
