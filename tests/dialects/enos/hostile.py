"""Wrong northbound requests, each with the code it must get; data, to be replayed anywhere.

At least one for each parameter, range and code of the three pages "V2.1 Create OTA Job", "V2.1
Search OTA Task" and "V2.1 Search Device Upgrade", and for upload, cancel, retry, start, stop and
delete. A case of the judge `gate` is refused for its shape and reaches no backend; one of the judge
`backend` depends on what exists. Each must leave everything as it was.

Placeholders, in any text of the query or body:

    {org}                     the organisation
    {firmware_id}             a firmware of version 2.0 that needs no verification
    {unverified_firmware_id}  a firmware that needs verification and has none
    {job_id}                  a started job
    {stopped_job_id}          a stopped job
    {device_key}              a device with a task in both jobs that is neither failed nor pushed
    {product_key}             the product of all of them
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_sim.dialects.enos.routes import FIRMWARES, JOBS
from tests.dialects.enos.hostile_case import ORG, Hostile, merged
from tests.dialects.enos.hostile_jobs import JOB, JOB_CASES, SCOPE, VERIFY
from tests.dialects.enos.hostile_searches import SEARCH_CASES
from tests.dialects.enos.hostile_uploads import UPLOAD_CASES

UNKNOWN_ID = "0" * 24


def _by_backend(
    name: str,
    code: int,
    body: Mapping[str, Any] | None,
    query: Mapping[str, str],
    *,
    path: str = JOBS,
    action: str = "create",
) -> Hostile:
    return Hostile(name, path, action, {**ORG, **query}, body, code, "backend")


_EVERY_ROUTE = (
    *(
        case
        for path, action in (
            (JOBS, "create"),
            (JOBS, "searchTask"),
            (FIRMWARES, "searchDeviceUpgrade"),
        )
        for case in (
            Hostile(f"{action}: no orgId", path, action, {}, {}, 99400),
            Hostile(f"{action}: empty orgId", path, action, {"orgId": ""}, {}, 99400),
            Hostile(f"{action}: another org", path, action, {"orgId": "o0"}, {}, 99403),
        )
    ),
    Hostile("no action", JOBS, "", ORG, {}, 99400),
    Hostile("no such action", JOBS, "update", ORG, {}, 99400),
    Hostile("an action of the other resource", FIRMWARES, "searchTask", ORG, {}, 99400),
    Hostile("job: no firmwareId", JOBS, "create", ORG, JOB, 99400),
    Hostile("job: empty firmwareId", JOBS, "create", ORG | {"firmwareId": ""}, JOB, 99400),
    *(
        Hostile(f"{action}: no jobId", JOBS, action, ORG, {"deviceKeys": ["dk1"]}, 99400)
        for action in ("get", "start", "stop", "delete", "cancelTask", "retryTask")
    ),
    *(
        Hostile(f"firmware {action}: no firmwareId", FIRMWARES, action, ORG, None, 99400)
        for action in ("get", "delete")
    ),
    Hostile("listVersion: no productKey", FIRMWARES, "listVersion", ORG, None, 99400),
    *(
        Hostile(f"{action}: {name}", JOBS, action, ORG | {"jobId": "{job_id}"}, body, 99400)
        for action in ("cancelTask", "retryTask")
        for name, body in (
            ("no body", None),
            ("no deviceKeys", {}),
            ("deviceKeys is empty", {"deviceKeys": []}),
            ("deviceKeys is a text", {"deviceKeys": "dk1"}),
            ("a device key is a number", {"deviceKeys": [1]}),
            ("a device key is empty", {"deviceKeys": [""]}),
        )
    ),
)

_FIRMWARE = {"firmwareId": "{firmware_id}"}
_STARTED, _STOPPED = {"jobId": "{job_id}"}, {"jobId": "{stopped_job_id}"}
_KEYS = {"deviceKeys": ["{device_key}"]}
_STRANGER = {"deviceKeys": ["{device_key}", "no such device"]}
_TOTAL = {"upgradeScope": {"type": "total", "versionNumbers": ["1.0"]}}
_SIX = {"upgradeScope": merged(SCOPE, {"deviceKeys": [f"d{number}" for number in range(6)]})}
_OWN_VERSION = {"upgradeScope": merged(SCOPE, {"versionNumbers": ["1.0", "2.0"]})}
_SEARCHES = (
    (JOBS, "searchTask"),
    (FIRMWARES, "searchDeviceUpgrade"),
    (JOBS, "search"),
    (FIRMWARES, "search"),
)
_BY_BACKEND = (
    _by_backend("job: no such firmware", 24404, JOB, {"firmwareId": UNKNOWN_ID}),
    _by_backend("job: an id that is none", 24404, JOB, {"firmwareId": "../{firmware_id}"}),
    _by_backend("job: not verified", 24610, JOB, {"firmwareId": "{unverified_firmware_id}"}),
    _by_backend(
        "job: from the firmware's own version", 99400, merged(JOB, _OWN_VERSION), _FIRMWARE
    ),
    _by_backend("verify: scope total", 24611, merged(VERIFY, _TOTAL), _FIRMWARE),
    _by_backend("verify: six devices", 24612, merged(VERIFY, _SIX), _FIRMWARE),
    *(
        _by_backend(f"{path} {action}: {name}", 99400, body, {}, path=path, action=action)
        for path, action in _SEARCHES
        for name, body in (
            ("page too large", {"pagination": {"pageSize": 201}}),
            ("unknown field", {"expression": "noSuchField='x'"}),
            ("unknown field in a branch", {"expression": "(a='x' or b like 'y') and c in ('z')"}),
        )
    ),
    *(
        _by_backend(f"{action}: no such job", 24404, _KEYS, {"jobId": UNKNOWN_ID}, action=action)
        for action in ("get", "start", "stop", "delete", "cancelTask", "retryTask")
    ),
    *(
        _by_backend(
            f"firmware {action}: no such",
            24404,
            None,
            {"firmwareId": "f"},
            path=path,
            action=action,
        )
        for path, action in ((FIRMWARES, "get"), (FIRMWARES, "delete"))
    ),
    _by_backend("delete: in use", 24604, None, _FIRMWARE, path=FIRMWARES, action="delete"),
    _by_backend("start: started", 24615, None, _STARTED, action="start"),
    _by_backend("stop: stopped", 24616, None, _STOPPED, action="stop"),
    _by_backend("delete: running", 24618, None, _STARTED, action="delete"),
    _by_backend("cancelTask: stopped job", 24617, _KEYS, _STOPPED, action="cancelTask"),
    _by_backend("retryTask: stopped job", 24617, _KEYS, _STOPPED, action="retryTask"),
    _by_backend("retryTask: not failed", 24621, _KEYS, _STARTED, action="retryTask"),
    _by_backend("cancelTask: a stranger", 99400, _STRANGER, _STARTED, action="cancelTask"),
    _by_backend("retryTask: a stranger", 99400, _STRANGER, _STARTED, action="retryTask"),
)

HOSTILE: tuple[Hostile, ...] = (
    *_EVERY_ROUTE,
    *JOB_CASES,
    *SEARCH_CASES,
    *UPLOAD_CASES,
    *_BY_BACKEND,
)
