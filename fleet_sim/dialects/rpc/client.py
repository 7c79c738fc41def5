"""The client's end: calls to signed requests, answers to neutral ones.

Calls are signed by the classic signature, which both vendors take. There is no login.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fleet_sim.dialects.http import HttpRequest, HttpResponse
from fleet_sim.dialects.rpc import signature
from fleet_sim.dialects.rpc.authority import FORM
from fleet_sim.dialects.rpc.casing import raised
from fleet_sim.dialects.rpc.codes import reason_of
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.rpc.replies import (
    FirmwareInfo,
    JobInfo,
    ModuleInfo,
    Shape,
    TaskInfo,
    VersionInfo,
)
from fleet_sim.dialects.rpc.searches import terms_as_pairs
from fleet_sim.dialects.rpc.steps import Ask, step, takes_one
from fleet_sim.dialects.rpc.times import timestamp_of
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model import chance
from fleet_sim.model.filters import Filter
from fleet_sim.model.northbound import (
    Answer,
    Call,
    CreateFirmware,
    CreateJob,
    Done,
    FirmwareCreated,
    GetFirmware,
    GetJob,
    JobCreated,
    Listed,
    ListModules,
    Modules,
    Refused,
    SearchFirmware,
    SearchJobs,
    SearchReported,
    SearchTasks,
    Shown,
)

# Addresses beyond this are refused by many a server; so long a call goes as POST, with its
# parameters in the body.
QUERY_CHARS_MAX = 4096
_GOOD = range(200, 300)


class Envelope(Shape):
    """What every answer is wrapped in; the gateway's refusals have a `Message` and no `Success`."""

    success: bool | None = None
    code: str | None = None
    error_message: str | None = None
    message: str | None = None
    data: Any = None
    firmware_info: Any = None
    current_page: int | None = None
    page_size: int | None = None
    total: int | None = None


class FirmwareId(Shape):
    """The answer to CreateOTAFirmware."""

    firmware_id: str


class JobId(Shape):
    """The answer to the calls that create a job."""

    job_id: str


# Where the rows of a search stand: the member, the list in it, the shape of its rows.
_LISTS: Mapping[type, tuple[str, str, TypeAdapter[Any]]] = {
    SearchTasks: ("data", "SimpleOTATaskInfo", TypeAdapter(list[TaskInfo])),
    SearchJobs: ("data", "SimpleOTAJobInfo", TypeAdapter(list[JobInfo])),
    SearchReported: ("data", "SimpleOTAModuleInfo", TypeAdapter(list[VersionInfo])),
    SearchFirmware: ("firmware_info", "SimpleFirmwareInfo", TypeAdapter(list[FirmwareInfo])),
}
_MODULES = TypeAdapter(list[ModuleInfo])


class RpcOperator:
    """A client of one account. Its only state is a count, from which its nonces are made."""

    def __init__(self, org: str, app_key: str, app_secret: str, *, profile: Profile) -> None:
        self._org = org
        self._key = app_key
        self._secret = app_secret
        self._profile = profile
        self._sent = 0

    def __repr__(self) -> str:
        return f"RpcOperator({self._profile.name!r}, {self._org!r}, {self._key!r})"

    def needs_login(self, epoch_ms: int) -> bool:  # noqa: ARG002 - the interface's
        """Tell that there is no login: each call is signed by itself."""
        return False

    @property
    def is_logged_in(self) -> bool:
        """Tell that there is no token."""
        return False

    def forget(self) -> None:
        """Drop nothing."""

    def login(self, epoch_ms: int) -> HttpRequest | None:  # noqa: ARG002 - the interface's
        """Write no request: there is no token to be had."""
        return None

    def logged_in(self, response: HttpResponse, epoch_ms: int) -> None:  # noqa: ARG002 - the same
        """Refuse what nobody asked for.

        Raises:
            DialectError: Always.
        """
        raise DialectError(f"the {self._profile.name} API has no login")

    def request(self, call: Call, epoch_ms: int) -> HttpRequest:
        """Write a call, or the first request of several.

        Raises:
            DialectError: The API has no form for it.
        """
        first = step(call, (), self._profile)
        if first is None:
            raise DialectError(f"{type(call).__name__} asks for nothing")
        return self._written(first, epoch_ms)

    def following(
        self, call: Call, answers: Sequence[HttpResponse], epoch_ms: int
    ) -> HttpRequest | None:
        """Write the request after these answers; None: the call is through, or was refused.

        Raises:
            DialectError: An answer lacks what the next request needs.
        """
        if answers and takes_one(call):
            return None  # Long lists are among these; `answer` reads them, and says what is wrong.
        if any(answer.status not in _GOOD for answer in answers):
            return None
        replies = tuple(_body(answer) for answer in answers)
        if any(reply and reply.get("Success") is not True for reply in replies):
            return None
        found = step(call, replies, self._profile)
        return None if found is None else self._written(found, epoch_ms)

    def expression(self, where: Filter, call: Call) -> str:
        """Write a neutral filter as the parameters that stand for it.

        Raises:
            DialectError: The API has no form for it, or the call is no search.
        """
        _, pairs = terms_as_pairs(where, type(call), self._profile)
        return "&".join(f"{name}={value}" for name, value in pairs)

    def answer(self, call: Call, response: HttpResponse) -> Answer:
        """Read the answer to a call, or to the last of its requests.

        Raises:
            DialectError: It is not in the vendor's form.
        """
        try:
            envelope = Envelope.model_validate(_body(response))
            if not envelope.success or response.status not in _GOOD:
                return _refused(envelope, response.status)
            return _answer(call, envelope)
        except ValidationError as error:
            raise DialectError(
                f"HTTP {response.status} with a body that is no answer of the "
                f"{self._profile.name} API: {_first(error)}"
            ) from error

    # --- requests ----------------------------------------------------------------------------

    def _written(self, one: Ask | HttpRequest, epoch_ms: int) -> HttpRequest:
        if isinstance(one, HttpRequest):
            return one
        instance = (("IotInstanceId", self._org),) if self._profile.has_instances else ()
        pairs = (
            ("Action", one.action),
            *self._profile.sends,
            *((name, value) for name, value in (*instance, *one.pairs) if value),
        )
        signed = (*pairs, *self._common(epoch_ms)) if self._key else pairs
        query = signature.canonical_query(signed)
        method = "POST" if len(query) > QUERY_CHARS_MAX else self._profile.client_method
        if self._key:
            text = signature.string_to_sign(method, signed)
            signed = (*signed, (signature.SIGNATURE, signature.sign(text, self._secret)))
        if method == "GET":
            return HttpRequest(method, "/", signed)
        form = signature.canonical_query(signed).encode()
        return HttpRequest(method, "/", headers=(("Content-Type", FORM),), body=form)

    def _common(self, epoch_ms: int) -> tuple[tuple[str, str], ...]:
        self._sent += 1
        nonce = chance.identifier(epoch_ms, self._key, "nonce", self._sent, digits=32)
        return (
            ("AccessKeyId", self._key),
            ("SignatureMethod", signature.METHOD),
            ("SignatureNonce", nonce),
            ("Timestamp", timestamp_of(epoch_ms)),
        )


# --- answers -------------------------------------------------------------------------------------


def _body(response: HttpResponse) -> dict[str, Any]:
    """Return a body in PascalCase; that of an upload, which is no JSON or none at all, is empty."""
    if response.status in _GOOD and not response.body.lstrip().startswith(b"{"):
        return {}
    try:
        found = raised(json.loads(response.body))
    except (ValueError, RecursionError) as error:
        raise DialectError(f"HTTP {response.status} with a body that is no JSON") from error
    if not isinstance(found, dict):
        raise DialectError(f"HTTP {response.status} with a body that is no JSON object")
    return found


def _refused(envelope: Envelope, status: int) -> Refused:
    if not envelope.code:
        raise DialectError(f"HTTP {status} without success, and without a code that says why")
    text = envelope.error_message or envelope.message or ""
    return Refused(reason_of(envelope.code), text, envelope.code)


def _answer(call: Call, envelope: Envelope) -> Answer:
    match call:
        case CreateFirmware():
            return FirmwareCreated(FirmwareId.model_validate(envelope.data).firmware_id)
        case CreateJob():
            return JobCreated(JobId.model_validate(envelope.data).job_id)
        case GetFirmware():
            return Shown(FirmwareInfo.model_validate(envelope.firmware_info).row())
        case GetJob():
            return Shown(JobInfo.model_validate(envelope.data).row())
        case ListModules():
            return _modules(envelope)
        case SearchTasks() | SearchFirmware() | SearchJobs() | SearchReported():
            return _listed(call, envelope)
        case _:
            return Done()


def _modules(envelope: Envelope) -> Modules:
    """Read a product's modules: a list by the pages, an object by the sample of one of them."""
    data = envelope.data or []
    alone = isinstance(data, dict)
    return Modules(tuple(one.row() for one in _MODULES.validate_python([data] if alone else data)))


def _listed(call: Call, envelope: Envelope) -> Listed:
    """Read a list; one without paging is all there is. An empty one may lack its members."""
    member, name, adapter = _LISTS[type(call)]
    holder = getattr(envelope, member) or {}
    if not isinstance(holder, dict):
        raise DialectError(f"{name} does not stand in an object")
    rows = tuple(info.row() for info in adapter.validate_python(holder.get(name) or []))
    if envelope.total is None:
        return Listed(rows, page_number=1, page_size=len(rows), total=len(rows))
    return Listed(rows, envelope.current_page or 1, envelope.page_size or len(rows), envelope.total)


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'body'}: {first['msg']}"
