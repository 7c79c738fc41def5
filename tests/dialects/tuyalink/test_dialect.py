from __future__ import annotations

from urllib.parse import urlsplit

from fleet_sim.dialects import registry
from fleet_sim.dialects.tuyalink.contract import CONTRACT
from fleet_sim.dialects.tuyalink.device import TuyaLinkDevice
from fleet_sim.dialects.tuyalink.dialect import TUYALINK
from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.model.messages import (
    DeviceMessage,
    ServerMessage,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from fleet_sim.model.northbound import GetFirmware
from fleet_sim.mqtt.client import Received
from tests.dialects.rpc.accounts import Account, account
from tests.runtime.thin_client import Dialler, ThinClient, dialling
from tests.vendors.enos.beside import until

_NOW = 1_767_225_600_000
_CODEC = TuyaLinkDevice()
_METER = Registration(DeviceId("pk", "d1"), "s3cret")


class TwoChannels:
    """A device that tells of its main module and of its MCU in one report, as an SDK would."""

    def __init__(self, client: ThinClient) -> None:
        self._client = client

    @classmethod
    async def connect(cls, dialler: Dialler) -> TwoChannels:
        """Bring it on line."""
        mine = _CODEC.credentials(_METER.device, _METER.secret, epoch_ms=_NOW)
        return cls(
            await dialler.new(mine.client_id, username=mine.username, password=mine.password)
        )

    def say(self, message: DeviceMessage) -> None:
        """Publish what the device says."""
        wire = _CODEC.encode(_METER.device, message)
        assert wire is not None
        self._client.session.publish(wire.topic, wire.payload, 1)
        self._client.say()

    async def hear(self) -> ServerMessage:
        """Return the platform's next message."""
        while not isinstance(event := await self._client.next(), Received):
            pass
        return _CODEC.decode(_METER.device, event.topic, event.payload)


async def _versions(one: Account) -> dict[str, str]:
    """Return what each module of the device runs, as the platform shows it."""
    device = {"ProductKey": "pk", "DeviceName": "d1"}
    answer = await one.ask("ListOTAModuleVersionsByDevice", device)
    (rows,) = answer["Data"].values()
    return {row["moduleName"]: row["moduleVersion"] for row in rows}


async def _job_for_the_mcu(one: Account) -> str:
    """Order 2.0 for the MCU; return the job's id."""
    firmware = await one.make(
        "CreateOTAFirmware", DestVersion="2.0", FirmwareName="f", ProductKey="pk",
        FirmwareUrl=await one.upload(), ModuleName="9", NeedToVerify="false",
    )  # fmt: skip
    job = await one.make(
        "CreateOTAStaticUpgradeJob", FirmwareId=firmware["FirmwareId"], ProductKey="pk",
        TargetSelection="ALL", SrcVersion_1="0.9",
    )  # fmt: skip
    return str(job["JobId"])


async def test_each_channel_of_a_report_is_heard() -> None:
    """Of the one that is upgraded, the first report after it ends the task, and nothing is pushed.

    A device that comes back unchanged would be pushed to again; this one tells of its main module,
    which nobody upgrades, first.
    """
    async with (
        account("tuyalink", devices=(_METER,)) as one,
        dialling(urlsplit(one.ready["mqtt"]).port or 0) as dialler,
    ):

        async def both_are_known() -> bool:
            return await _versions(one) == {"default": "1.0", "9": "0.9"}

        async def has_ended() -> bool:
            found = await one.make("ListOTATaskByJob", JobId=job_id)
            return [row["taskStatus"] for row in found["SimpleOTATaskInfo"]] == ["SUCCEEDED"]

        first = await TwoChannels.connect(dialler)
        first.say(VersionReport("1", "1.0", beside=(("9", "0.9"),)))
        await until(both_are_known)
        job_id = await _job_for_the_mcu(one)
        push = await first.hear()
        again = await TwoChannels.connect(dialler)
        again.say(VersionReport("2", "1.0", after_upgrade=True, beside=(("9", "2.0"),)))
        await until(has_ended)
        again.say(VersionQuery("3"))
        heard = await again.hear()

    assert isinstance(push, UpgradeRequest)
    assert (push.image.version, push.image.module) == ("2.0", "9")
    assert heard == VersionOffer("3")


def test_the_factories_make_both_ends_of_the_northbound_api() -> None:
    """By the arguments that the interface names; what one writes the other reads."""
    org, secret = (
        TUYALINK.org_of("0123456789abcdef" * 2),
        TUYALINK.operator_key_of("fedcba9876543210" * 2),
    )
    gate = TUYALINK.gate(org, {"K": secret}, signed_only=True, contract=TUYALINK.contract)
    call = GetFirmware("f1")

    assert TUYALINK.contract is CONTRACT
    assert gate.read(TUYALINK.operator(org, "K", secret).request(call, _NOW), _NOW) == call


def test_the_registry_has_it() -> None:
    """With a word for people on each side that it covers."""
    assert registry.get("tuyalink") is TUYALINK
    assert TUYALINK.covers.keys() == {"devices", "northbound"}
