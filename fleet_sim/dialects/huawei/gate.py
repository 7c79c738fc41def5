"""The server's end of the northbound: one door to both generations, told apart by path.

    /iocm/…                 OceanConnect: login, refresh
    /iodm/…, /fleet-sim/packages    OceanConnect: packages, operations
    /v5/…, /fleet-sim/objects/…     IoTDA v5

A request is a conversation (`talk`): `read` gives its first call, and `render` is sent each answer
and gives the next call or the response. A conversation is kept by the call that waits for its
answer, the very object, since two equal ones may be under way. There may be OPEN_MAX of them: who
asks beyond that is refused, for one that nobody answered would be kept for ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fleet_sim.dialects.fields import is_storable
from fleet_sim.dialects.http import HttpFile, HttpRequest, HttpResponse
from fleet_sim.dialects.huawei import admin, oc_codes, v5, v5_auth, v5_codes
from fleet_sim.dialects.huawei.oc_tokens import TokenService
from fleet_sim.dialects.huawei.oceanconnect import ROUTES, Method, answered
from fleet_sim.dialects.huawei.talk import ApiError, Asked, Code, SearchRefusedError, Talk, refuse
from fleet_sim.dialects.request_ids import RequestIds
from fleet_sim.model.contract import ContractProfile
from fleet_sim.model.northbound import Answer, Call

REQUEST_ID_HEADER = "X-Request-Id"

_OBJECT = re.compile(rf"{admin.OBJECTS_PATH}([^/]+)/(.+)", re.DOTALL)
OPEN_MAX = 10_000  # ours: far above what one project asks at a time
_TOO_LARGE = Code(413, v5_codes.BAD_INPUT.code, "The object is too large.")


class HuaweiGate:
    """The gate of one project.

    It keeps OceanConnect's tokens, the objects that no package was made of yet, and the
    conversations under way.
    """

    def __init__(
        self,
        org: str,
        keys: Mapping[str, str],
        *,
        signed_only: bool,
        contract: ContractProfile,
        seed: int = 0,
        default_product: str = "",
        calls_a_minute: int | None = None,
    ) -> None:
        self._org = org
        self._keys = dict(keys)
        self._signed_only = signed_only
        self._contract = contract
        self._default_product = default_product
        self._tokens = TokenService(self._keys, seed, calls_a_minute)
        self._objects = admin.Objects()
        self._batch_routes = v5.routes_of(self._objects)
        self._open: dict[int, tuple[Call, Talk, bool]] = {}
        self._ids = RequestIds(seed, org)

    def read(self, request: HttpRequest, epoch_ms: int) -> Call | HttpResponse:
        """Read a call, or give the whole answer where no backend is needed.

        No request, whatever is in it, raises anything.
        """
        self._ids.came_in(epoch_ms)
        found = self._read(request, epoch_ms)
        if not _is_batch(request.path) or not isinstance(found, HttpResponse):
            return found
        return _named(found, self._ids.fresh())

    def _read(self, request: HttpRequest, epoch_ms: int) -> Call | HttpResponse:
        is_batch = _is_batch(request.path)
        try:
            _check_texts(request, is_batch=is_batch)
            if is_batch:
                return self._read_batch(request, epoch_ms)
            if self._tokens.claims(request.path):
                return answered(200, self._tokens.answer(request, epoch_ms))
            self._tokens.check(request, epoch_ms, is_needed=self._signed_only)
            method, names = _route(ROUTES, request, oc_codes.NO_SUCH_PATH, oc_codes.NO_SUCH_METHOD)
            return self._begin(method(self._asked(request, names, epoch_ms)), is_batch=False)
        except ApiError as error:
            return self._refused(error, is_batch=is_batch)

    def render(self, call: Call, answer: Answer, request_no: int) -> HttpResponse | HttpFile | Call:
        """Go on with the conversation that waits for this answer."""
        _, talk, is_batch = self._open.pop(id(call))
        found = self._go_on(talk, answer, is_batch=is_batch)
        if not is_batch or not isinstance(found, HttpResponse):
            return found
        return _named(found, self._ids.of(request_no))

    def _read_batch(self, request: HttpRequest, epoch_ms: int) -> Call | HttpResponse:
        v5_auth.check(
            request,
            self._keys,
            is_token=lambda token: self._is_token(token, epoch_ms),
            is_needed=self._signed_only,
        )
        if request.path.startswith(admin.OBJECTS_PATH):
            return self._put(request)
        method, names = _route(
            self._batch_routes, request, v5_codes.NO_SUCH_PATH, v5_codes.NO_SUCH_METHOD
        )
        if names[0] != self._org:
            refuse(v5_codes.OTHER_PROJECT)
        return self._begin(method(self._asked(request, names, epoch_ms)), is_batch=True)

    def _is_token(self, token: str, epoch_ms: int) -> bool:
        return any(self._tokens.is_valid(token, app_id, epoch_ms) for app_id in self._keys)

    def _put(self, request: HttpRequest) -> HttpResponse:
        found = _OBJECT.fullmatch(request.path)
        if request.method.upper() != "PUT" or not found:
            refuse(v5_codes.NO_SUCH_METHOD)
        if not self._objects.put(found[1], found[2], request.body):
            refuse(_TOO_LARGE)
        return answered(200, {})

    def _asked(self, request: HttpRequest, names: tuple[str, ...], epoch_ms: int) -> Asked:
        return Asked(request, names, self._contract, epoch_ms, self._default_product)

    # --- conversations -----------------------------------------------------------------------

    def _begin(self, talk: Talk, *, is_batch: bool) -> Call | HttpResponse:
        try:
            call = next(talk)
        except StopIteration as end:
            response: HttpResponse = end.value
            return response
        if len(self._open) >= OPEN_MAX:
            why = v5_codes.INTERNAL if is_batch else oc_codes.THROTTLED
            refuse(why, f"{OPEN_MAX} calls are under way already.")
        self._open[id(call)] = (call, talk, is_batch)
        return call

    def _go_on(self, talk: Talk, answer: Answer, *, is_batch: bool) -> Call | HttpResponse:
        try:
            call = talk.send(answer)
        except StopIteration as end:
            response: HttpResponse = end.value
            return response
        except ApiError as error:
            return self._refused(error, is_batch=is_batch)
        except SearchRefusedError as error:
            code_of = v5_codes.code_of if is_batch else oc_codes.code_of
            return self._refused(ApiError(code_of(error.reason)), is_batch=is_batch)
        self._open[id(call)] = (call, talk, is_batch)
        return call

    def _refused(self, error: ApiError, *, is_batch: bool) -> HttpResponse:
        text_key = "error_msg" if is_batch else "error_desc"
        fields = {"error_code": error.why.code, text_key: str(error)}
        return answered(error.why.status, fields)


def _named(response: HttpResponse, name: str) -> HttpResponse:
    """Give an answer of v5 the header by which its SDK names it."""
    headers = (*response.headers, (REQUEST_ID_HEADER, name))
    return HttpResponse(response.status, response.body, headers)


def _is_batch(path: str) -> bool:
    return path.startswith((v5.ROOT, admin.OBJECTS_PATH))


def _check_texts(request: HttpRequest, *, is_batch: bool) -> None:
    """Refuse a request whose path or query cannot be kept, before anything looks into it."""
    texts = (request.path, *(text for pair in request.query for text in pair))
    if not all(map(is_storable, texts)):
        refuse(
            v5_codes.BAD_INPUT if is_batch else oc_codes.BAD_REQUEST,
            "A parameter holds a NUL or half of a surrogate pair.",
        )


def _route(
    routes: tuple[tuple[str, re.Pattern[str], Method], ...],
    request: HttpRequest,
    no_path: Code,
    no_method: Code,
) -> tuple[Method, tuple[str, ...]]:
    """Return what answers a request, and the names in its path.

    Raises:
        ApiError: Nothing does.
    """
    is_path = False
    for verb, pattern, method in routes:
        found = pattern.fullmatch(request.path)
        if found and verb == request.method.upper():
            return method, found.groups()
        is_path |= found is not None
    raise ApiError(no_method if is_path else no_path)


def http_refusal(status: int, reason: str) -> HttpResponse:
    """Write the answer to a request that HTTP itself refuses, as OceanConnect would."""
    fields = {"error_code": oc_codes.BAD_REQUEST.code, "error_desc": reason}
    return answered(status, fields)
