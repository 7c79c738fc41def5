from __future__ import annotations

import dataclasses

import pytest

from fleet_sim.dialects.http import HttpPart, HttpRequest
from fleet_sim.dialects.rpc import uploads
from fleet_sim.dialects.rpc.uploads import ADDRESS_MS, KEPT_MS, Address, Uploads, form_of
from tests.dialects.rpc.callers import NOW, part


def _fields(address: Address) -> dict[str, str]:
    return {
        "Key": address.key,
        "OSSAccessKeyId": address.access_key_id,
        "Policy": address.policy,
        "Signature": address.signature,
    }


def _post(address: Address, content: bytes = b"hello") -> HttpRequest:
    return HttpRequest("POST", "/", parts=form_of(_fields(address), "x.bin", content))


def _store() -> Uploads:
    return Uploads("o1", 7)


def test_a_posted_file_is_found_by_its_firmware_url() -> None:
    """Under a name of its own, until it is dropped."""
    store = _store()
    address = store.address("http://h:1", "tar.gz", NOW)

    assert store.file_of(address.firmware_url) is None
    assert store.take(_post(address), NOW).status == 200
    found = store.file_of(address.firmware_url)
    assert found is not None
    assert found == (address.key.removeprefix("ota/"), b"hello")
    assert address.firmware_url == f"http://h:1/{address.key}"
    assert found[0].endswith(".tar.gz")

    store.drop(found[0])

    assert store.file_of(address.firmware_url) is None


def test_no_two_addresses_are_alike() -> None:
    """Not even after a restart, when the count begins again."""
    first, second = (_store().address("", "bin", NOW + later) for later in (0, 1))
    store = _store()
    keys = {store.address("", "bin", NOW).key for _ in range(10)} | {second.key}

    assert first.key in keys
    assert len(keys) == 11


def test_a_restart_knows_the_addresses_it_gave_out() -> None:
    """They are signed, and need no memory."""
    address = _store().address("", "bin", NOW)

    assert _store().take(_post(address), NOW).status == 200


@pytest.mark.parametrize(("asked", "status", "body"), [("201", 201, b"<Key>"), ("", 204, b"")])
def test_the_status_is_the_one_asked_for(asked: str, status: int, body: bytes) -> None:
    """204 where none is."""
    store = _store()
    form = [one for one in _post(store.address("", "bin", NOW)).parts
            if one.name != "success_action_status"]  # fmt: skip
    request = HttpRequest("POST", "/", parts=(part("success_action_status", asked), *form))

    answer = store.take(request, NOW)

    assert (answer.status, body in answer.body) == (status, True)


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"access_key_id": "who"}, b"InvalidAccessKeyId", 403),
        ({"signature": "no"}, b"SignatureDoesNotMatch", 403),
        ({"policy": "e30="}, b"SignatureDoesNotMatch", 403),
        ({"key": "ota/other.bin"}, b"AccessDenied", 403),
    ],
)
def test_a_form_that_was_not_asked_for_is_refused(
    change: dict[str, str], code: bytes, status: int
) -> None:
    """In the storage's XML, and nothing is kept."""
    store = _store()
    right = store.address("", "bin", NOW)

    answer = store.take(_post(dataclasses.replace(right, **change)), NOW)

    assert answer.status == status
    assert b"<Code>" + code + b"</Code>" in answer.body
    assert answer.header("Content-Type") == "application/xml"
    assert store.file_of(right.firmware_url) is None
    assert store.file_of("/ota/other.bin") is None


def test_an_address_expires() -> None:
    """After an hour, to the millisecond."""
    store = _store()
    address = store.address("", "bin", NOW)

    assert store.take(_post(address), NOW + ADDRESS_MS).status == 200
    assert b"AccessDenied" in store.take(_post(address), NOW + ADDRESS_MS + 1).body


def test_a_form_without_a_file_is_refused() -> None:
    """Whatever else it holds."""
    store = _store()
    form = _post(store.address("", "bin", NOW)).parts[:-1]

    assert b"InvalidArgument" in store.take(HttpRequest("POST", "/", parts=form), NOW).body
    assert store.take(HttpRequest("POST", "/", parts=(HttpPart("file", b"x"),)), NOW).status == 403


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By bytes and by number; the oldest go first, and one that is too large never stays."""
    monkeypatch.setattr(uploads, "KEPT_BYTES_MAX", 10)
    monkeypatch.setattr(uploads, "KEPT_FILES_MAX", 3)
    store = _store()
    kept = [store.address("", "bin", NOW) for _ in range(4)]
    for address, content in zip(kept, (b"123456", b"12345", b"1", b""), strict=True):
        assert store.take(_post(address, content), NOW).status == 200

    assert [store.file_of(one.firmware_url) is not None for one in kept] == [
        False,
        True,
        True,
        True,
    ]
    assert b"EntityTooLarge" in store.take(_post(kept[0], b"12345678901"), NOW).body
    assert store.take(_post(kept[0], b"1"), NOW).status == 200
    assert store.file_of(kept[1].firmware_url) is None


def test_what_nobody_fetches_is_let_go() -> None:
    """When another file comes in a day later."""
    store = _store()
    old, new = store.address("", "bin", NOW), store.address("", "bin", NOW + KEPT_MS)
    store.take(_post(old), NOW)
    store.take(_post(new), NOW + KEPT_MS + 1)

    assert store.file_of(old.firmware_url) is None
    assert store.file_of(new.firmware_url) is not None


@pytest.mark.parametrize("url", ["", "http://[", "ota", "/ota/../x", "\x00"])
def test_other_addresses_name_nothing(url: str) -> None:
    """However odd they are."""
    assert _store().file_of(url) is None
