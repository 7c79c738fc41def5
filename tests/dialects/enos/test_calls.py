from __future__ import annotations

import pytest

from fleet_sim.dialects.enos.calls import Asked, read_call, read_query
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.dialects.enos.routes import FILES, FIRMWARES, JOBS
from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.filters import Comparison, Operator
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.northbound import (
    Call,
    CancelTasks,
    CreateFirmware,
    DeleteFirmware,
    DeleteJob,
    FetchFile,
    GetFirmware,
    GetJob,
    ListVersions,
    Page,
    RetryTasks,
    SearchDevices,
    SearchFirmware,
    SearchJobs,
    SearchTasks,
    StartJob,
    StopJob,
)
from tests.dialects.enos import samples
from tests.dialects.enos.test_firmware_body import _parts

_ID = "65f0c0ffee00000000000001"
_WHERE = Comparison("product_key", Operator.EQUAL, ("yourProductKey",))


def _read(request: HttpRequest, default_product: str = "") -> Call:
    return read_call(Asked(request, read_query(request.query), CONTRACT, default_product))


@pytest.mark.parametrize(
    ("path", "query", "body", "call"),
    [
        (FIRMWARES, {"action": "get", "firmwareId": "f"}, b"{}", GetFirmware("f")),
        (FIRMWARES, {"action": "delete", "firmwareId": "f"}, b"", DeleteFirmware("f")),
        (FIRMWARES, {"action": "listVersion", "productKey": "p"}, b"", ListVersions("p")),
        (FIRMWARES, {"action": "search"}, b"", SearchFirmware()),
        (
            FIRMWARES,
            {"action": "searchDeviceUpgrade"},
            samples.SEARCH_DEVICE_BODY,
            SearchDevices(_WHERE, Page(1, 5)),
        ),
        (
            FILES,
            {
                "action": "download",
                "fileUri": f"enos-connect://{_ID}.zip",
                "category": "ota",
                "productKey": "pk1",
                "deviceKey": "dk1",
            },
            b"",
            FetchFile(_ID, DeviceId("pk1", "dk1")),
        ),
        (
            FILES,
            {
                "action": "download",
                "fileUri": f"http://h/firmware/{_ID}/a.zip",
                "category": "ota",
                "assetId": "a1",
            },
            b"",
            FetchFile(_ID, asset_id="a1"),
        ),
        (JOBS, {"action": "get", "jobId": "j"}, b"{}", GetJob("j")),
        (JOBS, {"action": "start", "jobId": "j"}, b"", StartJob("j")),
        (JOBS, {"action": "stop", "jobId": "j"}, b"", StopJob("j")),
        (JOBS, {"action": "delete", "jobId": "j"}, b"", DeleteJob("j")),
        (JOBS, {"action": "search"}, b"{}", SearchJobs()),
        (JOBS, {"action": "searchTask"}, b" ", SearchTasks()),
        (
            JOBS,
            {"action": "retryTask", "jobId": "j"},
            samples.RETRY_TASK_BODY,
            RetryTasks("j", ("deviceKey1", "deviceKey2")),
        ),
        (
            JOBS,
            {"action": "cancelTask", "jobId": "j"},
            b'{"deviceKeys":["a","a","b"]}',
            CancelTasks("j", ("a", "b")),
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_action_becomes_its_call(
    method: str, path: str, query: dict[str, str], body: bytes, call: Call
) -> None:
    """By either method; a device named twice counts once."""
    request = HttpRequest(method, path, tuple(query.items()), body=body)

    assert _read(request) == call


@pytest.mark.parametrize(
    ("query", "default", "product"),
    [("pk2", "pk1", "pk2"), ("", "pk1", "pk1"), (None, "pk1", "pk1"), (None, "", "")],
)
def test_a_firmware_without_a_product_gets_the_default(
    query: str | None, default: str, product: str
) -> None:
    """The parameter is required up to 2.3 and optional from 2.4 on."""
    named = () if query is None else (("productKey", query),)
    request = HttpRequest("POST", FIRMWARES, (("action", "create"), *named), parts=_parts())

    call = _read(request, default)

    assert isinstance(call, CreateFirmware)
    assert call.order.product_key == product


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ((("a", "1"), ("a", "1")), "a: is given twice"),
        ((("a", "\0"),), "a: holds a NUL"),
        ((("a", "\ud800"),), "a: holds a NUL or half"),
    ],
)
def test_a_query_that_could_mean_two_things_is_refused(
    pairs: tuple[tuple[str, str], ...], sentence: str
) -> None:
    """And one that nothing could keep."""
    with pytest.raises(DialectError, match=sentence) as caught:
        read_query(pairs)
    assert caught.value.code == 99400


def test_a_wrong_expression_is_named_as_an_argument() -> None:
    """The sentence of the reader follows the argument's name."""
    request = HttpRequest("POST", JOBS, (("action", "searchTask"),), body=b'{"expression":"x"}')

    with pytest.raises(DialectError, match="Invalid Argument expression: has its end after x"):
        _read(request)
