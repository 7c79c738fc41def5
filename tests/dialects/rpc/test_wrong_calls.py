"""Wrong calls to a whole platform, and what it holds after them."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.runtime.real_time import epoch_ms
from tests.dialects.rpc.callers import PROFILES, signed
from tests.dialects.rpc.wrong_calls import GOOD, wrong_calls
from tests.runtime.platforms import running

PRODUCT = "meters00"
FLEET = tuple(Registration(DeviceId(PRODUCT, f"d{n}"), f"s{n}") for n in (1, 2, 3))
CONTENT = b"hello"


class Account:
    """An account on a running platform, asked by hand."""

    def __init__(self, ready: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        self._url = ready["http"]
        self._session = session
        self._asked = 0
        self.holds: dict[str, str] = {"product": PRODUCT, "org": ready["org"]}

    async def ask(self, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Make a signed call; return the answer's members, spelled with a capital."""
        self._asked += 1
        pairs = tuple((name, str(value).format(**self.holds)) for name, value in given.items())
        whole = tuple(pair for pair in pairs if pair[1])
        plain = HttpRequest("GET", "/", (("Action", action), *whole))
        request = signed(plain, nonce=f"n{self._asked}", at_ms=epoch_ms())
        async with self._session.get(self._url, params=request.query) as response:
            body = json.loads(await response.read())
        return {key[:1].upper() + key[1:]: value for key, value in body.items()}

    async def make(self, action: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - of all types
        """Make a call that is right; return its data, spelled with capitals."""
        answer = await self.ask(
            action, {name.replace("_", "."): one for name, one in given.items()}
        )
        assert answer["Success"], (action, answer)
        return {key[:1].upper() + key[1:]: value for key, value in answer["Data"].items()}

    async def upload(self) -> str:
        """Bring a file in; return its address."""
        data = await self.make("GenerateOTAUploadURL")
        form = aiohttp.FormData()
        for name in ("Key", "OSSAccessKeyId", "Policy", "Signature"):
            form.add_field(name, data[name])
        form.add_field("file", CONTENT, filename="x.bin")
        async with self._session.post(data["Host"], data=form) as response:
            assert response.status == 204
        return str(data["FirmwareUrl"])

    async def fill(self) -> None:
        """Make two firmwares, one to be verified yet, a job for one device, and a spare file."""
        for name, version, verified in (("one", "2.0", "false"), ("two", "2.1", "true")):
            made = await self.make(
                "CreateOTAFirmware", DestVersion=version, FirmwareName=name, NeedToVerify=verified,
                FirmwareUrl=await self.upload(), ProductKey=PRODUCT,
            )  # fmt: skip
            self.holds["unverified" if verified == "true" else "firmware"] = made["FirmwareId"]
        made = await self.make(
            "CreateOTAStaticUpgradeJob", FirmwareId="{firmware}", ProductKey=PRODUCT,
            TargetSelection="SPECIFIC", TargetDeviceName_1="d1",
        )  # fmt: skip
        digest = hashlib.md5(CONTENT).hexdigest()  # noqa: S324 - the vendor's method
        self.holds |= {"job": made["JobId"], "digest": digest, "url": await self.upload()}

    async def everything(self) -> list[dict[str, Any]]:
        """Return all that the account shows, but for the numbers of the answers."""
        page = {"CurrentPage": 1, "PageSize": 100}
        asked: tuple[tuple[str, Mapping[str, Any]], ...] = (
            ("ListOTAFirmware", page),
            ("QueryOTAFirmware", {"FirmwareId": "{firmware}"}),
            ("QueryOTAFirmware", {"FirmwareId": "{unverified}"}),
            ("ListOTAJobByFirmware", {"FirmwareId": "{firmware}", **page}),
            ("ListOTAJobByFirmware", {"FirmwareId": "{unverified}", **page}),
            ("QueryOTAJob", {"JobId": "{job}"}),
            ("ListOTATaskByJob", {"JobId": "{job}"}),
        )
        shown = [await self.ask(*one) for one in asked]
        return [{**one, "RequestId": ""} for one in shown]


@contextlib.asynccontextmanager
async def account(vendor: str) -> AsyncIterator[Account]:
    """Run a platform with an account that holds a little of everything."""
    keys = {"app_key": "testid", "app_secret": "testsecret"}
    async with (
        running(dialect=vendor, devices=FLEET, signed_only=True, **keys) as ready,
        aiohttp.ClientSession() as session,
    ):
        one = Account(ready, session)
        await one.fill()
        yield one


def served(profile: Profile) -> list[str]:
    """Return the actions of the good calls that a vendor serves, in their order."""
    return [action for action in GOOD if action in profile.actions]


@pytest.mark.parametrize("vendor", ["alibaba", "tuya"])
async def test_every_wrong_call_is_refused_and_changes_nothing(vendor: str) -> None:
    """By its own code each; what the account shows afterwards is what it showed before."""
    wrong = [one for one in wrong_calls(epoch_ms()) if vendor in one.vendors]
    async with account(vendor) as one:
        before = await one.everything()
        answers = [await one.ask(each.action, each.pairs()) for each in wrong]
        after = await one.everything()

    got = [
        (each.action, each.given, answer["Code"])
        for each, answer in zip(wrong, answers, strict=True)
    ]
    assert got == [(each.action, each.given, each.code) for each in wrong]
    assert not any(answer.get("Success") for answer in answers)
    assert all(answer.get("ErrorMessage") or answer.get("Message") for answer in answers)
    assert after == before


@pytest.mark.parametrize("vendor", ["alibaba", "tuya"])
async def test_the_calls_they_stand_beside_are_right(vendor: str) -> None:
    """So it is what was changed in them that was refused."""
    async with account(vendor) as one:
        answers = {
            action: await one.ask(action, GOOD[action]) for action in served(PROFILES[vendor])
        }

    assert {action: answer["Success"] for action, answer in answers.items()} == dict.fromkeys(
        answers, True
    )
