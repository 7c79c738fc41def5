from __future__ import annotations

import json

import pytest

from fleet_sim.dialects.http import HttpResponse
from fleet_sim.dialects.rpc import codes, name_lists
from fleet_sim.dialects.rpc.gate import RpcGate
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import CreateJob
from tests.dialects.rpc.callers import NOW, asking, called, gate_of, posted, refused

_JOB = {"FirmwareId": "f", "ProductKey": "pk", "TargetSelection": "SPECIFIC"}


def _address(gate: RpcGate) -> dict[str, str]:
    found = gate.read(asking("GenerateDeviceNameListURL"), NOW)
    assert isinstance(found, HttpResponse)
    data: dict[str, str] = json.loads(found.body)["Data"]
    return data


def _posted(gate: RpcGate, content: bytes, *, later_ms: int = 0) -> tuple[str, int]:
    """Bring a file in; return its address, and how the storage answered."""
    data = _address(gate)
    fields = {**data, "OSSAccessKeyId": data["AccessKeyId"]}
    taken = gate.read(posted(fields, content), NOW + later_ms)
    assert isinstance(taken, HttpResponse)
    return data["FileUrl"], taken.status


def _listed(content: bytes) -> tuple[str, ...] | None:
    """Return the devices of a job over a file."""
    gate = gate_of("alibaba")
    url, _ = _posted(gate, content)
    call = called(gate.read(asking("CreateOTAStaticUpgradeJob", **_JOB, DnListFileUrl=url), NOW))
    assert isinstance(call, CreateJob)
    return call.order.scope.device_keys


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"d1\nd2", ("d1", "d2")),
        (b"d1\r\nd2\r\n", ("d1", "d2")),
        ("\ufeffd1\n\n  d2 \nd1\n".encode(), ("d1", "d2")),
        ("d-é\n".encode(), ("d-é",)),
        ("\n".join(f"d{n}" for n in range(name_lists.NAMES_MAX)).encode(),
         tuple(f"d{n}" for n in range(name_lists.NAMES_MAX))),
    ],
    ids=["plain", "windows", "blanks", "letters", "most"],
)  # fmt: skip
def test_a_file_names_one_device_a_line(content: bytes, names: tuple[str, ...]) -> None:
    """Many more than a call can name."""
    assert _listed(content) == names


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "0 names"),
        (b"\n \n", "0 names"),
        (b"\xff\xfe", "no UTF-8"),
        (b"d\x001", "NUL"),
        (b"d" * 1025, "NUL"),
        (b"d\n" * (name_lists.BYTES_MAX // 2 + 1), "bytes"),
        ("\n".join(f"d{n}" for n in range(name_lists.NAMES_MAX + 1)).encode(), "10001 names"),
    ],
    ids=["empty", "blank", "binary", "nul", "long", "large", "many"],
)
def test_a_file_that_is_no_list_is_refused(content: bytes, why: str) -> None:
    """When the job is to be made of it: the storage takes anything."""
    gate = gate_of("alibaba")
    url, status = _posted(gate, content)
    asked = asking("CreateOTAStaticUpgradeJob", **_JOB, DnListFileUrl=url)

    _, code, text = refused(gate.read(asked, NOW))

    assert status == 200
    assert (code, why in text) == (codes.BAD_REQUEST, True)


def test_what_is_written_is_read() -> None:
    """And what could not be read as it was is not written."""
    assert _listed(name_lists.write(("d1", "d-é 2"))) == ("d1", "d-é 2")
    for name in ("", " d", "d\n", "d\n1", "d\u20281"):
        with pytest.raises(DialectError, match="one name a line"):
            name_lists.write(("d1", name))


def test_an_address_is_good_for_a_minute() -> None:
    """As documented; an address for firmware has longer."""
    gate = gate_of("alibaba")

    assert _posted(gate, b"d1", later_ms=name_lists.GOOD_MS)[1] == 200
    assert _posted(gate, b"d1", later_ms=name_lists.GOOD_MS + 1)[1] == 403


def test_an_address_looks_as_documented() -> None:
    """It has names of its own for two of the members that an address for firmware has."""
    assert _address(gate_of("alibaba")).keys() == {
        "FileUrl", "AccessKeyId", "Host", "Key", "ObjectStorage", "Policy", "Signature",
        "UtcCreate",
    }  # fmt: skip


def test_a_list_that_was_not_uploaded_is_refused() -> None:
    """Nor is the file of a firmware one."""
    gate = gate_of("alibaba")
    for url in ("http://h/ota/none.csv", "http://h/ota/none.bin"):
        asked = asking("CreateOTAStaticUpgradeJob", **_JOB, DnListFileUrl=url)
        assert refused(gate.read(asked, NOW))[1] == codes.NO_SUCH_FILE


def test_names_come_by_one_way_alone() -> None:
    """From the call or from the file."""
    gate = gate_of("alibaba")
    url, _ = _posted(gate, b"d1")
    both = asking("CreateOTAStaticUpgradeJob", **_JOB, DnListFileUrl=url, TargetDeviceName_1="d2")

    assert refused(gate.read(both, NOW))[1] == codes.BAD_REQUEST
