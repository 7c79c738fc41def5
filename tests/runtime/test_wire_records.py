from collections.abc import Mapping
from typing import Any

import pytest

from fleet_sim.model.failure import FailureCause
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    Block,
    BlockRequest,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ReportReply,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionAsked,
    VersionOffer,
    VersionQuery,
    VersionReport,
)
from fleet_sim.runtime.wire_records import (
    received_by_device,
    received_by_server,
    sent_by_device,
    sent_by_server,
)

IMAGE = FirmwareImage("2.0", "http://h/fw", 1000, "aa", "md5")
PART = FirmwareImage("2.0", "http://h/fw", 9, "aa", "md5", module="mcu")
FAILURE = FailureReport("7", FailureCause.VERIFY, "bad", -3)


@pytest.mark.parametrize(
    ("message", "sent", "received", "fields"),
    [
        (VersionReport("1", "1.0"), "version_sent", "version_received",
         {"message": "1", "version": "1.0"}),
        (ProgressReport("2", 40, "half"), "progress_sent", "progress_received",
         {"message": "2", "step": 40, "desc": "half"}),
        (FAILURE, "progress_sent", "progress_received",
         {"message": "7", "step": -3, "desc": "bad"}),
        (UpgradeReply("r-1", 409, "busy"), "push_replied", "push_acked",
         {"request": "r-1", "code": 409}),
        (VersionQuery("3"), "request_sent", "request_received", {"message": "3"}),
        (ActivationReply("4"), "activation_replied", "activation_acked",
         {"message": "4", "code": 200}),
        (BlockRequest("5", (7, 1), 512, 256), "block_request_sent", "block_request_received",
         {"message": "5", "offset": 512, "size": 256}),
        (VersionReport("1", "1.0", "mcu", after_upgrade=True), "version_sent", "version_received",
         {"message": "1", "version": "1.0", "module": "mcu"}),
        (ProgressReport("2", 40, "", "mcu"), "progress_sent", "progress_received",
         {"message": "2", "step": 40, "desc": "", "module": "mcu"}),
        (FailureReport("2", FailureCause.VERIFY, "", -3, "mcu"), "progress_sent",
         "progress_received", {"message": "2", "step": -3, "desc": "", "module": "mcu"}),
        (VersionQuery("3", "mcu"), "request_sent", "request_received",
         {"message": "3", "module": "mcu"}),
    ],
)  # fmt: skip
def test_a_devices_words_stand_at_both_ends(
    message: DeviceMessage, sent: str, received: str, fields: Mapping[str, Any]
) -> None:
    """The same fields; what only the device knows, the request and the cause, on its side."""
    own: dict[str, Any] = {"request": "r-1"} if sent == "progress_sent" else {}
    if isinstance(message, FailureReport):
        own["cause"] = "verify"

    assert sent_by_device(message, "r-1") == (sent, {"side": "device", **fields, **own})
    assert received_by_server(message) == (received, {"side": "server", **fields})


@pytest.mark.parametrize(
    ("message", "sent", "received", "fields"),
    [
        (UpgradeRequest("r-1", IMAGE), "push_sent", "push_received",
         {"request": "r-1", "version": "2.0", "size": 1000, "digest": "aa",
          "url": IMAGE.url}),
        (VersionOffer("3", (IMAGE,)), "offer_sent", "offer_received",
         {"message": "3", "versions": ["2.0"]}),
        (VersionOffer("3"), "offer_sent", "offer_received", {"message": "3", "versions": []}),
        (ActivationInfo("4", "a", "s3cret"), "activation_sent", "activation_received",
         {"message": "4"}),
        (VersionAsked("6"), "question_sent", "question_received", {"message": "6"}),
        (Block("5", 512, b"abc", 515), "block_sent", "block_received",
         {"message": "5", "offset": 512, "size": 3, "code": 200}),
        (UpgradeRequest("r-1", PART), "push_sent", "push_received",
         {"request": "r-1", "version": "2.0", "size": 9, "digest": "aa",
          "url": PART.url, "module": "mcu"}),
    ],
)  # fmt: skip
def test_a_servers_words_stand_at_both_ends(
    message: ServerMessage, sent: str, received: str, fields: Mapping[str, Any]
) -> None:
    """An image's address is left out: it differs from run to run. A secret is never told."""
    assert sent_by_server(message) == (sent, {"side": "server", **fields})
    assert received_by_device(message) == (received, {"side": "device", **fields})


def test_mere_replies_leave_no_record() -> None:
    """The acknowledgement of the broker is what counts as delivered."""
    reply = ReportReply("1", VersionReport)

    assert sent_by_server(reply) is None
    assert received_by_device(reply) is None
