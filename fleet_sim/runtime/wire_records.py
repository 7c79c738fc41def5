"""What a neutral message looks like in the run log, at either end of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_sim.model.messages import (
    ActivationInfo,
    ActivationReply,
    DeviceMessage,
    FailureReport,
    ProgressReport,
    ServerMessage,
    UpgradeReply,
    UpgradeRequest,
    VersionOffer,
    VersionQuery,
    VersionReport,
)

Line = tuple[str, Mapping[str, Any]]


def sent_by_device(message: DeviceMessage, request: str) -> Line:
    """Describe a message as the device hands it to its connection."""
    match message:
        case VersionReport(message_id, version):
            return "version_sent", {"side": "device", "message": message_id, "version": version}
        case ProgressReport(message_id, percent, desc):
            return "progress_sent", _progress("device", message_id, percent, desc, request)
        case FailureReport(message_id, cause, desc, code):
            fields = _progress("device", message_id, code, desc, request)
            return "progress_sent", {**fields, "cause": cause.value}
        case UpgradeReply(message_id, code):
            return "push_replied", {"side": "device", "request": message_id, "code": code}
        case VersionQuery(message_id):
            return "request_sent", {"side": "device", "message": message_id}
        case ActivationReply(message_id, code):
            return "activation_replied", {"side": "device", "message": message_id, "code": code}


def received_by_server(message: DeviceMessage) -> Line:
    """Describe a message as it entered the broker."""
    match message:
        case VersionReport(message_id, version):
            fields = {"side": "server", "message": message_id, "version": version}
            return "version_received", fields
        case ProgressReport(message_id, percent, desc):
            return "progress_received", _progress("server", message_id, percent, desc)
        case FailureReport(message_id, _, desc, code):
            return "progress_received", _progress("server", message_id, code, desc)
        case UpgradeReply(message_id, code):
            return "push_acked", {"side": "server", "request": message_id, "code": code}
        case VersionQuery(message_id):
            return "request_received", {"side": "server", "message": message_id}
        case ActivationReply(message_id, code):
            return "activation_acked", {"side": "server", "message": message_id, "code": code}


def sent_by_server(message: ServerMessage) -> Line | None:
    """Describe a message as it left the broker; None for mere replies, which prove nothing."""
    match message:
        case UpgradeRequest():
            return "push_sent", _push("server", message)
        case VersionOffer(message_id, images):
            versions = [image.version for image in images]
            return "offer_sent", {"side": "server", "message": message_id, "versions": versions}
        case ActivationInfo(message_id):
            return "activation_sent", {"side": "server", "message": message_id}
        case _:
            return None


def received_by_device(message: ServerMessage) -> Line | None:
    """Describe a message as the device has it; None for mere replies."""
    match message:
        case UpgradeRequest():
            return "push_received", _push("device", message)
        case VersionOffer(message_id, images):
            versions = [image.version for image in images]
            return "offer_received", {"side": "device", "message": message_id, "versions": versions}
        case ActivationInfo(message_id):
            return "activation_received", {"side": "device", "message": message_id}
        case _:
            return None


def _push(side: str, request: UpgradeRequest) -> Mapping[str, Any]:
    image = request.image
    return {
        "side": side,
        "request": request.message_id,
        "version": image.version,
        "size": image.size_bytes,
        "digest": image.digest,
        "url": image.url,
    }


def _progress(
    side: str, message_id: str, step: int | None, desc: str, request: str | None = None
) -> dict[str, Any]:
    fields: dict[str, Any] = {"side": side, "message": message_id, "step": step, "desc": desc}
    if request is not None:
        fields["request"] = request
    return fields
