"""What a neutral message looks like in the run log, at either end of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

Line = tuple[str, Mapping[str, Any]]


def sent_by_device(message: DeviceMessage, request: str) -> Line:
    """Describe a message as the device hands it to its connection."""
    match message:
        case VersionReport():
            return "version_sent", _version("device", message)
        case ProgressReport(message_id, percent, desc, module):
            fields = _progress("device", message_id, percent, desc, request)
            return "progress_sent", {**fields, **_of(module)}
        case FailureReport(message_id, cause, desc, code, module):
            fields = _progress("device", message_id, code, desc, request)
            return "progress_sent", {**fields, "cause": cause.value, **_of(module)}
        case UpgradeReply(message_id, code):
            return "push_replied", {"side": "device", "request": message_id, "code": code}
        case VersionQuery(message_id, module):
            return "request_sent", {"side": "device", "message": message_id, **_of(module)}
        case ActivationReply(message_id, code):
            return "activation_replied", {"side": "device", "message": message_id, "code": code}
        case BlockRequest():
            return "block_request_sent", _block_request("device", message)


def received_by_server(message: DeviceMessage) -> Line:
    """Describe a message as it entered the broker."""
    match message:
        case VersionReport():
            return "version_received", _version("server", message)
        case ProgressReport(message_id, percent, desc, module):
            fields = _progress("server", message_id, percent, desc)
            return "progress_received", {**fields, **_of(module)}
        case FailureReport(message_id, _, desc, code, module):
            fields = _progress("server", message_id, code, desc)
            return "progress_received", {**fields, **_of(module)}
        case UpgradeReply(message_id, code):
            return "push_acked", {"side": "server", "request": message_id, "code": code}
        case VersionQuery(message_id, module):
            return "request_received", {"side": "server", "message": message_id, **_of(module)}
        case ActivationReply(message_id, code):
            return "activation_acked", {"side": "server", "message": message_id, "code": code}
        case BlockRequest():
            return "block_request_received", _block_request("server", message)


def sent_by_server(message: ServerMessage) -> Line | None:
    """Describe a message as it left the broker; None for mere replies, which prove nothing."""
    return _of_server(message, "server", "sent")


def received_by_device(message: ServerMessage) -> Line | None:
    """Describe a message as the device has it; None for mere replies."""
    return _of_server(message, "device", "received")


def _of_server(message: ServerMessage, side: str, done: str) -> Line | None:
    match message:
        case UpgradeRequest():
            return f"push_{done}", _push(side, message)
        case VersionOffer(message_id, images):
            versions = [image.version for image in images]
            return f"offer_{done}", {"side": side, "message": message_id, "versions": versions}
        case VersionAsked(message_id):
            return f"question_{done}", {"side": side, "message": message_id}
        case Block():
            return f"block_{done}", _block(side, message)
        case ActivationInfo(message_id):
            return f"activation_{done}", {"side": side, "message": message_id}
        case ReportReply():
            return None


def _of(module: str) -> Mapping[str, str]:
    """Name a module, and nothing where it is the device as a whole."""
    return {"module": module} if module else {}


def _version(side: str, report: VersionReport) -> Mapping[str, Any]:
    fields = {"side": side, "message": report.message_id, "version": report.version}
    return {**fields, **_of(report.module)}


def _push(side: str, request: UpgradeRequest) -> Mapping[str, Any]:
    image = request.image
    return {
        "side": side,
        "request": request.message_id,
        "version": image.version,
        "size": image.size_bytes,
        "digest": image.digest,
        "url": image.url,
        **_of(image.module),
    }


def _block_request(side: str, asked: BlockRequest) -> Mapping[str, Any]:
    return {
        "side": side,
        "message": asked.message_id,
        "offset": asked.offset,
        "size": asked.size_bytes,
    }


def _block(side: str, block: Block) -> Mapping[str, Any]:
    return {
        "side": side,
        "message": block.message_id,
        "offset": block.offset,
        "size": len(block.content),
        "code": block.code,
    }


def _progress(
    side: str, message_id: str, step: int | None, desc: str, request: str | None = None
) -> dict[str, Any]:
    fields: dict[str, Any] = {"side": side, "message": message_id, "step": step, "desc": desc}
    if request is not None:
        fields["request"] = request
    return fields
