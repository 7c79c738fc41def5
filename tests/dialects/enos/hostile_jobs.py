"""Wrong calls of Create OTA Job: every parameter, range and combination of its page."""

from __future__ import annotations

from typing import Any

from fleet_sim.dialects.enos.routes import JOBS
from tests.dialects.enos.hostile_case import ABSENT, ORG, Hostile, merged

SCOPE = {"type": "partial", "versionNumbers": ["1.0"], "deviceKeys": ["{device_key}"]}
JOB = {
    "type": "upgrade",
    "upgradeScope": SCOPE,
    "upgradePolicy": "snapshot",
    "enableUpgradeRequest": False,
}
VERIFY = {"type": "verify", "upgradeScope": SCOPE}
_RETRY = {"enableRetry": True, "retryInterval": 10, "retryCount": 2}
_SCHEDULE = {"isRepeatDaily": False, "startTimestamp": 0, "endTimestamp": 4_000_000_000_000}


def _job(wrong: str, /, code: int = 99400, **changes: Any) -> Hostile:  # noqa: ANN401 - JSON
    query = ORG | {"firmwareId": "{firmware_id}"}
    return Hostile(f"job: {wrong}", JOBS, "create", query, merged(JOB, changes), code)


def _scope(wrong: str, /, **changes: Any) -> Hostile:  # noqa: ANN401 - JSON
    return _job(f"scope: {wrong}", upgradeScope=merged(SCOPE, changes))


def _retry(wrong: str, /, **changes: Any) -> Hostile:  # noqa: ANN401 - JSON
    return _job(f"retry: {wrong}", retryPolicy=merged(_RETRY, changes))


def _schedule(wrong: str, /, **changes: Any) -> Hostile:  # noqa: ANN401 - JSON
    return _job(f"schedule: {wrong}", schedulePolicy=merged(_SCHEDULE, changes))


def _raw_job(name: str, body: bytes) -> Hostile:
    query = ORG | {"firmwareId": "{firmware_id}"}
    return Hostile(f"job: {name}", JOBS, "create", query, body, 99400)


_CREATE_JOB = (
    _job("name is a text", name="rollout"),
    _job("name has no default", name={"i18nValue": {}}),
    _job("name's default is empty", name={"defaultValue": ""}),
    _job("name in no known locale", name={"defaultValue": "n", "i18nValue": {"xx_XX": "n"}}),
    _job("name's text is a number", name={"defaultValue": "n", "i18nValue": {"en_US": 1}}),
    _job("name too long", name={"defaultValue": "n" * 1025}),
    _job("type is missing", type=ABSENT),
    _job("type is unknown", type="rollback"),
    _job("type is null", type=None),
    _job("scope is missing", upgradeScope=ABSENT),
    _job("scope is a list", upgradeScope=[]),
    _job("policy is missing", upgradePolicy=ABSENT),
    _job("policy is the word of another vendor", upgradePolicy="dynamic"),
    _job("policy in capitals", upgradePolicy="SNAPSHOT"),
    _job("enableUpgradeRequest is missing", enableUpgradeRequest=ABSENT),
    _job("enableUpgradeRequest is null", enableUpgradeRequest=None),
    _job("enableUpgradeRequest is a word", enableUpgradeRequest="maybe"),
    _job("enableUpgradeRequest is a number", enableUpgradeRequest=1),
    _job("timeout below the range", upgradeTimeout=299),
    _job("timeout above the range", upgradeTimeout=172_801),
    _job("timeout below, as a string", upgradeTimeout="299"),
    _job("timeout is negative", upgradeTimeout=-300),
    _job("timeout is a word", upgradeTimeout="soon"),
    _job("timeout is a fraction", upgradeTimeout=600.5),
    _job("timeout is a boolean", upgradeTimeout=True),
    _job("timeout beyond every integer", upgradeTimeout=10**30),
    _job("concurrency is nothing", maximumConcurrency=0),
    _job("concurrency is negative", maximumConcurrency=-1),
    _job("concurrency beyond Integer", maximumConcurrency=2**31),
    _job("concurrency is a word", maximumConcurrency="all"),
    _job("legacy start without end", startSchedule=0),
    _job("legacy end without start", endSchedule=86_399),
    _job("legacy end after midnight", startSchedule=0, endSchedule=86_400),
    _job("legacy start before midnight", startSchedule=-1, endSchedule=86_399),
    _job("legacy window too short", startSchedule=0, endSchedule=1_798),
    _job(
        "both forms of the schedule",
        startSchedule=0,
        endSchedule=86_399,
        schedulePolicy=_SCHEDULE,
    ),
    _raw_job("no body", b""),
    _raw_job("not JSON", b"{"),
    _raw_job("a list", b"[]"),
    _raw_job("null", b"null"),
    _raw_job("not UTF-8", b'{"type":"\xff"}'),
    _raw_job("half a surrogate pair", b'{"type":"upgrade","upgradePolicy":"\\ud800"}'),
    _raw_job("nested without end", b'{"upgradeScope":' + b"[" * 10_000),
)

_SCOPES = (
    _scope("type is missing", type=ABSENT),
    _scope("type is unknown", type="some"),
    _scope("no selector", deviceKeys=ABSENT),
    _scope("selector is null", deviceKeys=None),
    _scope("total with a selector", type="total"),
    _scope("versions are a text", versionNumbers="1.0"),
    _scope("a version is empty", versionNumbers=[""]),
    _scope("a version is a number", versionNumbers=[1.0]),
    _scope("productKey is a number", productKey=5),
    _scope("deviceKeys is empty", deviceKeys=[]),
    _scope("deviceKeys is a text", deviceKeys="dk1"),
    _scope("a device key is null", deviceKeys=[None]),
    _scope("a device key is empty", deviceKeys=[""]),
    _scope("a device key holds a NUL", deviceKeys=["a\0"]),
    _scope("attributes beside deviceKeys", attributes={"model": ["m1"]}),
    _scope("tags beside deviceKeys", tags={"site": ["north"]}),
    _scope("assetTrees beside deviceKeys", assetTrees=[{"treeId": "t"}]),
    _scope("deviceGroupIds beside deviceKeys", deviceGroupIds=["g"]),
    _scope("assetIds beside deviceKeys", assetIds=["a"]),
    _scope("attributes is a list", deviceKeys=ABSENT, attributes=["model"]),
    _scope("attributes is empty", deviceKeys=ABSENT, attributes={}),
    _scope("an attribute without values", deviceKeys=ABSENT, attributes={"model": []}),
    _scope("an attribute's value is an object", deviceKeys=ABSENT, attributes={"m": [{}]}),
    _scope("an attribute's value is null", deviceKeys=ABSENT, attributes={"m": [None]}),
    _scope("tags is empty", deviceKeys=ABSENT, tags={}),
    _scope("a tag's value is a number", deviceKeys=ABSENT, tags={"site": [1]}),
    _scope("a tag's values are a text", deviceKeys=ABSENT, tags={"site": "north"}),
    _scope("a tag without values", deviceKeys=ABSENT, tags={"site": []}),
    _scope("assetTrees is empty", deviceKeys=ABSENT, assetTrees=[]),
    _scope("six trees", deviceKeys=ABSENT, assetTrees=[{"treeId": str(n)} for n in range(6)]),
    _scope("a tree without an id", deviceKeys=ABSENT, assetTrees=[{"includedNodes": ["n"]}]),
    _scope(
        "a tree's node is a number",
        deviceKeys=ABSENT,
        assetTrees=[{"treeId": "t", "includedNodes": [1]}],
    ),
    _scope("deviceGroupIds is empty", deviceKeys=ABSENT, deviceGroupIds=[]),
    _scope("a group id is a number", deviceKeys=ABSENT, deviceGroupIds=[7]),
    _scope("assetIds is empty", deviceKeys=ABSENT, assetIds=[]),
    _scope("an asset id is a number", deviceKeys=ABSENT, assetIds=[7]),
)

_POLICIES = (
    _retry("enableRetry is a word", enableRetry="perhaps"),
    _retry("interval is missing", retryInterval=ABSENT),
    _retry("interval is negative", retryInterval=-1),
    _retry("interval above the range", retryInterval=86_401),
    _retry("interval is a word", retryInterval="later"),
    _retry("count is missing", retryCount=ABSENT),
    _retry("count is nothing", retryCount=0),
    _retry("count above the range", retryCount=6),
    _retry("count above, as a string", retryCount="6"),
    _retry("count is a list", retryCount=[1]),
    _job("retry: a list", retryPolicy=[]),
    _schedule("isRepeatDaily is a word", isRepeatDaily="daily"),
    _schedule("start is missing", startTimestamp=ABSENT),
    _schedule("start is negative", startTimestamp=-1),
    _schedule("start is a date", startTimestamp="2023-11-14"),
    _schedule("end is missing", endTimestamp=ABSENT),
    _schedule("end is null", endTimestamp=None),
    _schedule("end beyond Long", endTimestamp=2**63),
    _schedule("end before start", startTimestamp=5_000_000, endTimestamp=4_000_000),
    _schedule("end at start", startTimestamp=0, endTimestamp=0),
    _schedule("shorter than half an hour", startTimestamp=0, endTimestamp=1_799_000),
    _schedule(
        "daily, shorter than half an hour",
        isRepeatDaily=True,
        startTimestamp=0,
        endTimestamp=86_400_000 + 1_799_000,
    ),
    _schedule("a zone that is nowhere", timezoneOffsetInMinutes=900),
    _schedule("a zone that is a name", timezoneOffsetInMinutes="CET"),
)


JOB_CASES = (*_CREATE_JOB, *_SCOPES, *_POLICIES)
