"""Calls outside what the pages allow, of both generations, and the errors that the pages name.

A row is one call with one thing wrong, everything else of it being right. `FILE`, `PACKAGE`, `TASK`
stand for ids that exist.

Not here, because no call brings them about: 100247 (an application frozen by its operator), 50252
and 100001 (inner errors), 123027, 123030 and 123031 (in no page that we know). The limit of calls,
1010009, is off unless asked for; the gate's own tests have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet_sim.dialects.huawei.oc_tokens import LOGIN_PATH, REFRESH_PATH
from fleet_sim.dialects.huawei.oceanconnect import CATEGORY, OPERATIONS
from fleet_sim.dialects.huawei.times import stamp

Json = Any  # what a JSON text holds

FILE, PACKAGE, TASK = "{FILE}", "{PACKAGE}", "{TASK}"
PRODUCT, DEVICE = "meters00", "meters00_meter-00000"
NOBODY = "0" * 24
LONG = "x" * 257
_FIRMWARE, _SOFTWARE = f"{OPERATIONS}/firmwareUpgrade", f"{OPERATIONS}/softwareUpgrade"
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Wrong:
    """One call.

    Attributes:
        status: Of the answer.
        code: The error's number.
        method: GET, POST or DELETE.
        path: Of OceanConnect whole, of v5 what follows the project.
        body: JSON, or bytes as they are; None for none.
        query: Its parameters.
        headers: In place of those of the operator; None takes one away.
        form: A body as a form's, in place of `body`.
    """

    status: int
    code: str
    method: str
    path: str
    body: Json = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    form: Mapping[str, str] | None = None


# --- OceanConnect ----------------------------------------------------------------------------


def logins(app_id: str, secret: str) -> tuple[Wrong, ...]:
    """Return logins that are refused, and calls without a token that counts."""
    keys = {"appId": app_id, "secret": secret}
    forms: tuple[Mapping[str, str], ...] = (
        {"appId": app_id},
        {"secret": secret},
        {"appId": app_id, "secret": ""},
        {},
    )
    others = ({**keys, "secret": f"{secret}x"}, {**keys, "appId": "nobody"})
    refreshes: tuple[Json, ...] = (keys, {**keys, "refreshToken": ""}, [], b"{")
    tokens = ("Bearer x", "Bearer ", "Basic x")
    return (
        *(Wrong(400, "102202", "POST", LOGIN_PATH, form=one) for one in forms),
        *(Wrong(401, "100208", "POST", LOGIN_PATH, form=one) for one in others),
        *(Wrong(400, "102202", "POST", REFRESH_PATH, one) for one in refreshes),
        Wrong(401, "100208", "POST", REFRESH_PATH, {**others[0], "refreshToken": "x"}),
        Wrong(403, "1010005", "POST", REFRESH_PATH, {**keys, "refreshToken": "x"}),
        Wrong(401, "100025", "GET", OPERATIONS, headers={"app_key": None}),
        Wrong(403, "1010005", "GET", OPERATIONS, headers={"app_key": "nobody"}),
        Wrong(403, "1010005", "GET", OPERATIONS, headers={"Authorization": None}),
        *(Wrong(403, "1010005", "GET", OPERATIONS, headers={"Authorization": one})
          for one in tokens),
        Wrong(403, "1010005", "POST", _FIRMWARE, _order(), headers={"Authorization": "Bearer x"}),
    )  # fmt: skip


def _paged(path: str) -> tuple[Wrong, ...]:
    texts = ("-1", "x", "1.0", "9" * 10)
    return (
        *(Wrong(400, "120015", "GET", path, query={"pageNo": one}) for one in texts),
        *(Wrong(400, "120015", "GET", path, query={"pageSize": one}) for one in texts),
        *(Wrong(400, "123029", "GET", path, query={"pageNo": "0", "pageSize": one})
          for one in ("0", "101", "1000")),
    )  # fmt: skip


def _too_long(path: str, *names: str) -> tuple[Wrong, ...]:
    return tuple(Wrong(400, "120015", "GET", path, query={name: LONG}) for name in names)


QUERIES = (
    *_paged(CATEGORY),
    *_too_long(CATEGORY, "deviceType", "model", "manufacturerName", "version"),
    Wrong(400, "120015", "GET", CATEGORY, query={"fileType": "package"}),
    Wrong(404, "123002", "GET", f"{CATEGORY}/{NOBODY}"),
    Wrong(404, "123002", "DELETE", f"{CATEGORY}/{NOBODY}"),
    *_paged(OPERATIONS),
    *_too_long(OPERATIONS, "deviceType", "model", "manufacturerName", "deviceId"),
    Wrong(400, "120015", "GET", OPERATIONS, query={"operationType": "upgrade"}),
    *(Wrong(400, "120015", "GET", OPERATIONS, query={"operationStatus": word})
      for word in ("fail", "timeout", "Success")),
    Wrong(404, "123009", "GET", f"{OPERATIONS}/{NOBODY}"),
    Wrong(404, "123009", "GET", f"{OPERATIONS}/{NOBODY}/subOperations"),
    *_paged(f"{OPERATIONS}/{TASK}/subOperations"),
    *(Wrong(400, "120015", "GET", f"{OPERATIONS}/{TASK}/subOperations",
            query={"subOperationStatus": word}) for word in ("failed", "Success")),
)  # fmt: skip


def _order(**changes: Json) -> dict[str, Json]:
    """Return the body of a task that would be created, with changes; None leaves a field out."""
    body = {"fileId": FILE, "targets": {"devices": [DEVICE]}, **changes}
    return {name: value for name, value in body.items() if value is not None}


def _create(code: str, status: int = 400, **changes: Json) -> Wrong:
    return Wrong(status, code, "POST", _FIRMWARE, _order(**changes))


def _policy(code: str, **policy: Json) -> Wrong:
    return _create(code, policy={"executeType": "now", **policy})


def _group(code: str, **changes: Json) -> Wrong:
    group = {"deviceGroups": [PRODUCT], "deviceType": "VirtualDevice", "model": PRODUCT,
             "manufacturerName": "fleet-sim", **changes}  # fmt: skip
    return _create(code, targets={name: one for name, one in group.items() if one is not None})


_NO_TARGETS: tuple[Json, ...] = (None, {}, {"devices": []})
_NO_POLICIES: tuple[Json, ...] = ([], "now")
_NO_PLACES: tuple[Json, ...] = (None, [], {"obs_location": []})


def creations(epoch_ms: int) -> tuple[Wrong, ...]:
    """Return tasks that cannot be created at an instant."""

    def window(code: str, start: Json, end: Json) -> Wrong:
        return _policy(code, executeType="custom", startTime=start, endTime=end)

    soon, later = (stamp(epoch_ms + minutes * _MINUTE_MS) for minutes in (60, 90))
    return (
        *(Wrong(400, "120015", "POST", _FIRMWARE, body) for body in (b"{", b"[]", b"")),
        *(_create("120015", fileId=one) for one in (None, "", 7, LONG)),
        _create("123002", 404, fileId=NOBODY),
        Wrong(400, "120015", "POST", _SOFTWARE, _order()),  # a package of the other kind
        _create("123016", targets={"devices": ["gauges00_g"]}),
        _group("123016", model="gauges00"),
        _group("123016", deviceType="Meter"),
        _group("123016", manufacturerName="Nobody"),
        _group("123019", manufacturerName=None),
        _group("123019", manufacturerName=""),
        _group("123020", deviceType=None),
        _group("123021", model=None),
        *(_create("123022", targets=one) for one in _NO_TARGETS),
        _create("123023", targets={"devices": [DEVICE], "deviceGroups": ["g"]}),
        _create("123024", targets={"devices": [f"{PRODUCT}_{n}" for n in range(257)]}),
        _group("123024", deviceGroups=[f"g{n}" for n in range(257)]),
        *(_create("120015", targets={"devices": one}) for one in (DEVICE, [7], [""], [LONG])),
        *(_create("120015", policy=one) for one in _NO_POLICIES),
        *(_policy("123025", executeType=one) for one in (None, "", "later", 1)),
        window("123026", None, later),
        window("123026", soon, None),
        window("123026", "2026-03-01T01:00:00Z", later),
        window("123026", soon, "20261301T010000Z"),
        *(_policy("123028", retryType=True, retryTimes=one) for one in (None, 0, 6, "3", 1.5)),
        _policy("120015", retryType="true", retryTimes=1),
        window("123032", later, soon),
        window("123033", stamp(epoch_ms - _MINUTE_MS), later),
        window("123034", soon, stamp(epoch_ms + 64 * _MINUTE_MS)),
    )


# --- IoTDA v5 --------------------------------------------------------------------------------

_BATCH, _PACKAGES = "batchtasks", "ota-upgrades/packages"
_LIST = {"task_type": "firmwareUpgrade"}
_KIND = {"package_type": "firmwarePackage"}


def _v5(path: str, *, method: str = "GET", body: Json = None, **query: str) -> Wrong:
    return Wrong(400, "IOTDA.900400", method, path, body, query)


def _cuts(path: str, query: Mapping[str, str]) -> tuple[Wrong, ...]:
    cuts = {
        "limit": ("0", "51", "-1", "x"),
        "offset": ("501", "-1", "x"),
        "marker": ("f" * 23, "f" * 25, "g" * 24),
    }
    return tuple(
        _v5(path, **{**query, name: one}) for name, values in cuts.items() for one in values
    )


V5_QUERIES = (
    *_cuts(_BATCH, _LIST),
    *_cuts(f"{_BATCH}/{TASK}", {}),
    *_cuts(_PACKAGES, _KIND),
    _v5(_BATCH),
    _v5(_BATCH, task_type="upgrade"),
    _v5(_BATCH, **_LIST, status="Waiting"),
    *(_v5(_BATCH, **_LIST, app_id=one) for one in ("a" * 37, "a b")),
    _v5(f"{_BATCH}/{TASK}", task_detail_status="Waiting"),
    *(_v5(f"{_BATCH}/{TASK}", target=one) for one in ("d" * 129, "a b")),
    _v5(_PACKAGES),
    _v5(_PACKAGES, package_type="package"),
    *(_v5(_PACKAGES, **_KIND, product_id=one) for one in ("p" * 37, "p.1")),
    *(_v5(_PACKAGES, **_KIND, version=one) for one in ("v" * 257, "v 1")),
    Wrong(404, "IOTDA.900411", "GET", f"{_BATCH}/{NOBODY}"),
    Wrong(404, "IOTDA.900411", "DELETE", f"{_BATCH}/{NOBODY}"),
    *(Wrong(404, "IOTDA.900411", "POST", f"{_BATCH}/{NOBODY}/{verb}", {})
      for verb in ("stop", "retry", "confirm")),
    *(_v5(f"{_BATCH}/{TASK}/{verb}", method="POST", body={"targets": one})
      for verb in ("stop", "retry", "confirm")
      for one in ([], DEVICE, [7], ["nobody"], [DEVICE] * 101)),
    Wrong(404, "IOTDA.900412", "GET", f"{_PACKAGES}/{NOBODY}"),
    Wrong(404, "IOTDA.900412", "DELETE", f"{_PACKAGES}/{NOBODY}"),
    Wrong(400, "IOTDA.900414", "DELETE", f"{_PACKAGES}/{PACKAGE}"),  # a task needs it
    Wrong(400, "IOTDA.900415", "DELETE", f"{_BATCH}/{TASK}"),  # it runs
)  # fmt: skip


def _task(status: int = 400, code: str = "IOTDA.900400", **changes: Json) -> Wrong:
    body = {"task_name": "t", "task_type": "firmwareUpgrade", "targets": [DEVICE],
            "document": {"package_ids": [PACKAGE]}, **changes}  # fmt: skip
    given = {name: value for name, value in body.items() if value is not None}
    return Wrong(status, code, "POST", _BATCH, given)


def v5_tasks(epoch_ms: int) -> tuple[Wrong, ...]:
    """Return batch tasks that cannot be created at an instant."""
    far = stamp(epoch_ms + 7 * _DAY_MS + _MINUTE_MS)
    policies: tuple[Json, ...] = (
        {"retry_count": 1}, {"retry_interval": 1}, {"retry_count": 6, "retry_interval": 1},
        {"retry_count": -1, "retry_interval": 1}, {"retry_count": 1, "retry_interval": 1_441},
        {"retry_count": "1", "retry_interval": 1}, {"schedule_time": far},
        {"schedule_time": stamp(epoch_ms - _MINUTE_MS)}, {"schedule_time": "soon"}, [],
    )  # fmt: skip
    documents: tuple[Json, ...] = (
        {}, {"package_ids": []}, {"package_ids": [PACKAGE] * 11}, {"package_ids": [7]},
        {"package_ids": ["p" * 37]}, [],
    )  # fmt: skip
    targets: tuple[Json, ...] = (
        [],
        "all",
        [DEVICE] * 30_001,
        ["d" * 129],
        ["a b_c"],
        [7],
        ["gauges00_g"],
    )
    return (
        *(Wrong(400, "IOTDA.900400", "POST", _BATCH, body) for body in (b"{", b"[]", b"")),
        *(_task(task_name=one) for one in (None, "", "t" * 129, "t 1", "t-1", 7)),
        *(_task(task_type=one) for one in (None, "", "upgrade", "moduleUpgrade")),
        _task(task_type="softwareUpgrade"),  # the package is of the other type
        *(_task(task_mode=one) for one in ("CHILD", 7)),
        *(_task(need_confirm=one) for one in ("true", 1)),
        *(_task(app_id=one) for one in ("a" * 37, "a b")),
        *(_task(task_ext_info=one) for one in ({"a": "x" * 512}, "text")),
        *(_task(targets=one) for one in targets),
        *(_task(targets=None, targets_filter=one) for one in (None, {}, {"group_ids": "g"})),
        *(_task(document=one) for one in (None, *documents)),
        *(_task(task_policy=one) for one in policies),
        _task(404, "IOTDA.900412", document={"package_ids": [NOBODY]}),
    )


def v5_packages(place: Mapping[str, str]) -> tuple[Wrong, ...]:
    """Return packages that cannot be created of a file that is there."""

    def package(status: int = 400, code: str = "IOTDA.900400", **changes: Json) -> Wrong:
        body = {"package_type": "firmwarePackage", "product_id": PRODUCT, "version": "9.0",
                "file_location": {"obs_location": place}, **changes}  # fmt: skip
        given = {name: value for name, value in body.items() if value is not None}
        return Wrong(status, code, "POST", _PACKAGES, given)

    places: Mapping[str, tuple[Json, ...]] = {
        "region_name": ("r" * 257, "r 1", 7),
        "bucket_name": ("ab", "b" * 64, "Bucket", "", None),
        "object_key": ("", "k" * 1_025, "nothing", None),
        "sign_method": ("MD5", "sha256"),
        "sign": ("0" * 64, "0" * 63, "g" * 64),
    }
    return (
        *(Wrong(400, "IOTDA.900400", "POST", _PACKAGES, body) for body in (b"{", b"[]", b"")),
        *(package(package_type=one) for one in (None, "", "modulePackage", "package")),
        *(package(product_id=one) for one in (None, "", "p" * 37, "p.1")),
        *(package(version=one) for one in (None, "", "v" * 257, "v 1", 7)),
        *(package(app_id=one) for one in ("a" * 37, "a b")),
        *(package(support_source_versions=one)
          for one in ("1.0", ["v"] * 21, ["v 1"], [""], [7])),
        package(description="d" * 1_025),
        package(custom_info="c" * 4_097),
        *(package(file_location=one) for one in _NO_PLACES),
        *(package(file_location={"obs_location": {**place, name: one}})
          for name, values in places.items() for one in values),
        package(400, "IOTDA.900413", version="2.0"),  # it exists
    )  # fmt: skip
