"""The server's end of the northbound API: requests to calls, answers to responses.

Calls are told apart by resource and `action`; GET and POST count alike, because the official
samples mix them up. Errors are HTTP 200 with the code in the body (the Python client loses the body
of anything else); only a path or a method that no page knows is 404 or 405. A file that is refused
for whatever reason is 404 too: what comes with 200 would be taken for the file.

Authority: a call that carries a signature must be signed by a token of ours. One without is in the
SDK's own scheme, whose token is a cipher text that only the real platform can read; so any is
taken, unless the gate was told to accept signed calls only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from fleet_sim.dialects.enos import codes, tokens
from fleet_sim.dialects.enos.calls import Asked, read_call, read_query
from fleet_sim.dialects.enos.names import uuid_of
from fleet_sim.dialects.enos.routes import FILES, FIRMWARES, JOBS
from fleet_sim.dialects.enos.rows import row_fields
from fleet_sim.dialects.enos.token_service import TokenService
from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.request_ids import RequestIds
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import (
    Answer,
    Call,
    Done,
    FetchFile,
    FileFound,
    FirmwareCreated,
    JobCreated,
    Listed,
    Refused,
    Shown,
    Versions,
)

METHODS = ("GET", "POST")
_NO_FILE = 404


class EnosGate:
    """The gate of one organisation; it keeps the tokens it gave out and a count of its refusals."""

    def __init__(
        self,
        org: str,
        keys: Mapping[str, str],
        *,
        signed_only: bool,
        contract: ContractProfile,
        seed: int = 0,
        default_product: str = "",
    ) -> None:
        self._org = org
        self._keys = dict(keys)
        self._signed_only = signed_only
        self._contract = contract
        self._default_product = default_product
        self._tokens = TokenService(self._keys, seed)
        self._ids = RequestIds(seed, org)

    def read(self, request: HttpRequest, epoch_ms: int) -> Call | HttpResponse:
        """Read a call, or give the whole answer where no backend is needed.

        No request, whatever is in it, raises anything.
        """
        self._ids.came_in(epoch_ms)
        if request.method.upper() not in METHODS:
            return self._refuse(405, codes.INVALID_ARGUMENT, "Invalid Argument method: use POST")
        if self._tokens.claims(request.path):
            return self._tokens.answer(request, epoch_ms)
        if request.path not in {FIRMWARES, JOBS, FILES}:
            return self._refuse(404, codes.NO_SUCH_OBJECT, f"no such resource: {request.path}")
        try:
            self._check_authority(request, epoch_ms)
            return self._call(request)
        except DialectError as error:
            status = _NO_FILE if request.path == FILES else 200
            return self._refuse(status, error.code or codes.INVALID_ARGUMENT, str(error))

    def render(
        self,
        call: Call,
        answer: Answer,
        request_no: int,
    ) -> HttpResponse | HttpFile:
        """Write the answer to a call; the same number gives the same request id."""
        if isinstance(answer, FileFound):
            return HttpFile(answer.firmware_id, answer.file_name)
        request_id = uuid_of(self._ids.of(request_no))
        if isinstance(answer, Refused):
            code, _ = codes.REFUSALS[answer.reason]
            text = codes.message_of(answer.reason, answer.detail)
            status = _NO_FILE if isinstance(call, FetchFile) else 200
            return _response(code, text, request_id, status=status)
        pagination = _pagination(answer) if isinstance(answer, Listed) else None
        return _response(codes.OK, "OK", request_id, self._data(answer), pagination)

    def _data(self, answer: Answer) -> Any:  # noqa: ANN401 - JSON
        match answer:
            case FirmwareCreated(firmware_id):
                return {"firmwareId": firmware_id}
            case JobCreated(job_id):
                return {"jobId": job_id}
            case Versions(versions):
                return list(versions)
            case Shown(row):
                return row_fields(row, self._org, self._contract)
            case Listed(rows=rows):
                return [row_fields(row, self._org, self._contract) for row in rows]
            case Done() | Refused() | FileFound():
                return None

    def _check_authority(self, request: HttpRequest, epoch_ms: int) -> None:
        if not request.header(tokens.SIGNATURE_HEADER):
            if self._signed_only:
                _deny("the call is not signed")
            return
        token = request.header(tokens.TOKEN_HEADER)
        timestamp = request.header(tokens.TIMESTAMP_HEADER)
        owner = self._tokens.owner_of(token, epoch_ms)
        if owner is None:
            _deny("the access token is unknown or has expired")
        expected = tokens.signature_of(
            request, token=token, timestamp=timestamp, app_secret=owner[1]
        )
        if not tokens.is_equal(expected, request.header(tokens.SIGNATURE_HEADER)):
            _deny("the signature is wrong")

    def _call(self, request: HttpRequest) -> Call:
        query = read_query(request.query)
        asked = Asked(request, query, self._contract, self._default_product)
        if asked.required("orgId") != self._org:
            _deny("the organisation is another's")
        return read_call(asked)

    def _refuse(self, status: int, code: int, text: str) -> HttpResponse:
        return _response(code, text, uuid_of(self._ids.fresh()), status=status)


def http_refusal(status: int, reason: str) -> HttpResponse:
    """Write the answer to a request that HTTP itself refuses, in the form of all others."""
    body = {"code": status, "msg": reason, "data": None}
    return HttpResponse(status, json.dumps(body, separators=(",", ":")).encode())


def _deny(why: str) -> NoReturn:
    raise DialectError(f"Denied resource: {why}", code=codes.DENIED)


def _pagination(listed: Listed) -> dict[str, Any]:
    return {
        "sortedBy": None,
        "pageNo": listed.page_number,
        "pageSize": listed.page_size,
        "totalSize": listed.total,
    }


def _response(
    code: int,
    text: str,
    request_id: str,
    data: object = None,
    pagination: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    body: dict[str, Any] = {"code": code, "msg": text, "requestId": request_id, "data": data}
    if pagination is not None:
        body["pagination"] = pagination
    # ASCII only: a client may have sent us half of a surrogate pair, and gets it back as it came.
    return HttpResponse(status, json.dumps(body, separators=(",", ":")).encode())
