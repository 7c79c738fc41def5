"""The server's end: one path, whatever is asked; a form with a file is an upload.

    product's answer    HTTP 200 {RequestId, Success, Code, [ErrorMessage], …}
    gateway's refusal   HTTP 4xx {RequestId, HostId, Code, Message}; or the form above, where the
                        profile says so: how Tuya's gateway refuses is in no page

JSON is answered whatever `Format` says, except that XML, asked for by name, is refused; Alibaba's
own default is XML, which none of its SDKs leaves at that.

UtcCreate of a thing just made is the instant at which its own call came in, to be told to whoever
made it without asking the backend again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.request_ids import RequestIds
from fleet_sim.dialects.rpc import codes, name_lists
from fleet_sim.dialects.rpc.actions import READERS
from fleet_sim.dialects.rpc.answers import members
from fleet_sim.dialects.rpc.asked import Asked
from fleet_sim.dialects.rpc.authority import Doorkeeper
from fleet_sim.dialects.rpc.casing import lowered, without_nulls
from fleet_sim.dialects.rpc.codes import RpcError
from fleet_sim.dialects.rpc.parameters import Parameters
from fleet_sim.dialects.rpc.profile import UPLOAD_LIST, Profile
from fleet_sim.dialects.rpc.times import utc_of
from fleet_sim.dialects.rpc.uploads import SUFFIXES, Address, Uploads
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateFirmware,
    CreateJob,
    FirmwareCreated,
    JobCreated,
    Refusal,
    Refused,
)

METHODS = ("GET", "POST")
UPLOAD = "GenerateOTAUploadURL"
_GATEWAY_REFUSALS: Mapping[Refusal, int] = {Refusal.THROTTLED: 400}
_ORDERS_MAX = 10_000  # that wait for their answer; ours, so that none is kept for ever
_UUID_ENDS = (0, 8, 12, 16, 20, 32)


class RpcGate:
    """The gate of one account.

    It keeps the nonces that were used, the files that wait for their firmware, when each order that
    waits for its answer came in, and a count.
    """

    def __init__(
        self,
        org: str,
        keys: Mapping[str, str],
        *,
        profile: Profile,
        signed_only: bool,
        contract: ContractProfile,
        seed: int = 0,
        default_product: str = "",
    ) -> None:
        self._org = org
        self._profile = profile
        self._contract = contract
        self._default_product = default_product
        self._door = Doorkeeper(profile, dict(keys), signed_only=signed_only)
        self._uploads = Uploads(org, seed)
        self._ids = RequestIds(seed, org)
        # By the very call, kept beside its instant, since two equal ones may be under way.
        self._came_in: dict[int, tuple[Call, int]] = {}

    def read(self, request: HttpRequest, epoch_ms: int) -> Call | HttpResponse:
        """Read a call, or give the whole answer where no backend is needed.

        No request, whatever is in it, raises anything.
        """
        self._ids.came_in(epoch_ms)
        try:
            found = self._read(request, epoch_ms)
        except RpcError as error:
            return self._refuse(error, request.header("Host"))
        if isinstance(found, CreateFirmware | CreateJob):
            self._note(found, epoch_ms)
        return found

    def _read(self, request: HttpRequest, epoch_ms: int) -> Call | HttpResponse:
        if request.method.upper() not in METHODS:
            raise RpcError("Use GET or POST.", word=codes.BAD_METHOD, status=405)
        if request.path.strip("/"):
            raise RpcError(
                f"There is nothing at {request.path}.", word=codes.NO_SUCH_ACTION, status=404
            )
        if request.parts:
            return self._uploads.take(request, epoch_ms)
        caller = self._door.admit(request, epoch_ms)
        given = Parameters(caller.pairs, folds_case=self._profile.folds_case)
        self._check_common(given)
        if caller.action not in self._profile.actions:
            raise RpcError(
                f"Specified api {caller.action[:60]!a} is not found.",
                word=codes.NO_SUCH_ACTION, status=404,
            )  # fmt: skip
        origin = _origin_of(request)
        if caller.action == UPLOAD:
            return self._address(given, origin, epoch_ms)
        if caller.action == UPLOAD_LIST:
            return self._list_address(origin, epoch_ms)
        asked = Asked(
            given, self._profile, self._contract, self._uploads, self._default_product, epoch_ms
        )
        return READERS[caller.action](asked)

    def render(self, call: Call, answer: Answer, request_no: int) -> HttpResponse | HttpFile:
        """Write the answer to a call; the same number gives the same request id."""
        request_id = self._written(self._ids.of(request_no))
        _, came_in_ms = self._came_in.pop(id(call), (call, None))
        if isinstance(answer, Refused):
            word, text = codes.word_and_text(answer.reason, answer.detail)
            status = _GATEWAY_REFUSALS.get(answer.reason, 200)
            return self._refused(word, text, request_id, status=status, host="")
        if isinstance(answer, FirmwareCreated) and isinstance(call, CreateFirmware):
            self._uploads.drop(call.order.file_name)
        found = members(call, answer, self._profile, self._contract)
        if isinstance(answer, FirmwareCreated | JobCreated) and came_in_ms is not None:
            found["Data"]["UtcCreate"] = utc_of(came_in_ms)
        return self._done(found, request_id)

    def _note(self, call: Call, epoch_ms: int) -> None:
        """Keep when an order came in, for the oldest of too many no longer."""
        if len(self._came_in) >= _ORDERS_MAX:
            del self._came_in[next(iter(self._came_in))]
        self._came_in[id(call)] = (call, epoch_ms)

    def _check_common(self, given: Parameters) -> None:
        if given.text("Format").upper() not in {"", "JSON"}:
            raise RpcError("Format must be JSON.", word=codes.BAD_PARAMETER, status=400)
        instance = given.text("IotInstanceId")
        if self._profile.has_instances and instance and instance != self._org:
            raise RpcError("The instance is another's.", word=codes.BAD_TENANT)

    def _address(self, given: Parameters, origin: str, epoch_ms: int) -> HttpResponse:
        suffix = given.word("FileSuffix", SUFFIXES) or SUFFIXES[0]
        found = self._uploads.address(origin, suffix, epoch_ms)
        names = {"FirmwareUrl": found.firmware_url, "OSSAccessKeyId": found.access_key_id}
        return self._addressed(names, found, epoch_ms)

    def _list_address(self, origin: str, epoch_ms: int) -> HttpResponse:
        found = self._uploads.address(
            origin,
            name_lists.SUFFIX,
            epoch_ms,
            good_ms=name_lists.GOOD_MS,
        )
        names = {"FileUrl": found.firmware_url, "AccessKeyId": found.access_key_id}
        return self._addressed(names, found, epoch_ms)

    def _addressed(self, names: Mapping[str, str], found: Address, epoch_ms: int) -> HttpResponse:
        data = {
            **names,
            "Host": found.host,
            "Key": found.key,
            "ObjectStorage": "OSS",
            "Policy": found.policy,
            "Signature": found.signature,
            "UtcCreate": utc_of(epoch_ms),
        }
        return self._done({"Data": data}, self._written(self._ids.fresh()))

    # --- envelopes ---------------------------------------------------------------------------

    def _done(self, found: Mapping[str, Any], request_id: str) -> HttpResponse:
        return self._json({"RequestId": request_id, "Success": True, "Code": "", **found})

    def _refuse(self, error: RpcError, host: str) -> HttpResponse:
        request_id = self._written(self._ids.fresh())
        return self._refused(error.word, str(error), request_id, status=error.status, host=host)

    def _refused(
        self, word: str, text: str, request_id: str, *, status: int, host: str
    ) -> HttpResponse:
        if status != 200 and self._profile.gateway_statuses:  # noqa: PLR2004 - HTTP's own
            return refusal(request_id, word, text, status=status, host=host)
        return self._json(_told(request_id, word, text))

    def _json(self, body: Mapping[str, Any]) -> HttpResponse:
        return HttpResponse(200, _cased(body, self._profile))

    def _written(self, digits: str) -> str:
        ends = pairwise(_UUID_ENDS)
        whole = "-".join(digits[start:end] for start, end in ends)
        return whole if self._profile.lowers_keys else whole.upper()


def _origin_of(request: HttpRequest) -> str:
    """Return scheme, host and port by which the caller has come; "" where it names no host.

    The server speaks plain HTTP; what ends TLS before it says so by `X-Forwarded-Proto`.
    """
    host = request.header("Host")
    is_tls = request.header("X-Forwarded-Proto").strip().lower() == "https"
    scheme = "https" if is_tls else "http"
    return f"{scheme}://{host}" if host else ""


def refusal(request_id: str, word: str, text: str, *, status: int, host: str = "") -> HttpResponse:
    """Write a refusal in the gateway's own form."""
    body = {"RequestId": request_id, "HostId": host, "Code": word, "Message": text}
    return HttpResponse(status, _dumped(body))


def http_refusal(status: int, reason: str, *, profile: Profile) -> HttpResponse:
    """Write the answer to a request that HTTP itself refuses; its status is HTTP's own."""
    word = f"Http{status}"
    if profile.gateway_statuses:
        return refusal("", word, reason, status=status)
    return HttpResponse(status, _cased(_told("", word, reason), profile))


def _told(request_id: str, word: str, text: str) -> dict[str, Any]:
    return {"RequestId": request_id, "Success": False, "Code": word, "ErrorMessage": text}


def _cased(body: Mapping[str, Any], profile: Profile) -> bytes:
    whole = without_nulls(dict(body))
    return _dumped(lowered(whole) if profile.lowers_keys else whole)


def _dumped(body: Mapping[str, Any]) -> bytes:
    # ASCII only: a client may have sent half of a surrogate pair, and gets it back as it came.
    return json.dumps(body, separators=(",", ":")).encode()
