"""Who calls: the common parameters, either signature, the instant and the nonce.

    neither signature ──► taken, unless only signed calls are
    Signature=…       ──► key known ► instant fresh ► signature right ► nonce new
    Authorization: …  ──► the same, from headers

The nonce comes last, so that a call with a wrong signature uses up nobody's.

Source: "Common parameters", "Request signatures"; the sentence of a wrong signature ends in a colon
and the string to sign, without which the classic SDK cannot read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qsl

from fleet_sim.dialects.http import HttpRequest
from fleet_sim.dialects.rpc import acs3, codes, signature
from fleet_sim.dialects.rpc.codes import RpcError, miss
from fleet_sim.dialects.rpc.parameters import NAMES_MAX
from fleet_sim.dialects.rpc.profile import Profile
from fleet_sim.dialects.rpc.replay import ReplayGuard
from fleet_sim.dialects.rpc.times import read_utc
from fleet_sim.dialects.wire import DialectError

FORM = "application/x-www-form-urlencoded"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """What a call says of itself, however it says it.

    Attributes:
        key: The access key's id; "" for an unsigned call.
        action: What is asked.
        pairs: All parameters, of query and form.
    """

    key: str
    action: str
    pairs: Pairs


def all_pairs(request: HttpRequest) -> Pairs:
    """Return the parameters of the query and, where the body is a form, of the body.

    Raises:
        RpcError: The body says it is a form, and is none.
    """
    kind = request.header("Content-Type").partition(";")[0].strip().lower()
    if kind != FORM or not request.body:
        return request.query
    try:
        text = request.body.decode()
        found = parse_qsl(text, keep_blank_values=True, max_num_fields=NAMES_MAX, errors="strict")
    except ValueError as error:
        raise RpcError(
            "The body is no form in UTF-8.", word=codes.BAD_PARAMETER, status=400
        ) from error
    return (*request.query, *found)


class Doorkeeper:
    """Lets callers in by their access keys. Its only state is the nonces that were used."""

    def __init__(self, profile: Profile, keys: Mapping[str, str], *, signed_only: bool) -> None:
        self._profile = profile
        self._keys = keys
        self._signed_only = signed_only
        self._guard = ReplayGuard()

    def admit(self, request: HttpRequest, epoch_ms: int) -> Caller:
        """Say who calls and for what.

        Raises:
            RpcError: The call is not well formed, or not to be trusted.
        """
        claim = self._claim(request)
        pairs = all_pairs(request)
        given = _first_of_each(pairs)
        if claim is not None:
            self._check_headers(request, claim, epoch_ms)
        elif signature.SIGNATURE in given:
            self._check_classic(request, pairs, given, epoch_ms)
        elif self._signed_only:
            miss(signature.SIGNATURE if "AccessKeyId" in given else "AccessKeyId")
        action = (request.header(acs3.ACTION_HEADER) if claim else "") or given.get("Action", "")
        if not action:
            miss("Action")
        key = claim.key if claim else given.get("AccessKeyId", "")
        return Caller(key if claim or signature.SIGNATURE in given else "", action, pairs)

    def _claim(self, request: HttpRequest) -> acs3.Claim | None:
        return (
            acs3.read_claim(request.header(acs3.AUTHORIZATION))
            if self._profile.takes_acs3
            else None
        )

    # --- in headers --------------------------------------------------------------------------

    def _check_headers(self, request: HttpRequest, claim: acs3.Claim, epoch_ms: int) -> None:
        if not acs3.covers_enough(claim):
            raise RpcError(
                f"SignedHeaders must name {', '.join(sorted(acs3.SIGNED_ALWAYS))}.",
                word=codes.BAD_PARAMETER, status=400,
            )  # fmt: skip
        self._check_version(request.header(acs3.VERSION_HEADER))
        secret = self._secret(claim.key)
        self._check_instant(request.header(acs3.DATE_HEADER), epoch_ms)
        text = acs3.string_to_sign(request, claim.headers)
        is_right = signature.is_equal(acs3.sign(text, secret), claim.signature.lower())
        if not is_right or not acs3.is_body(request):
            _mismatch(text)
        self._use(claim.key, request.header(acs3.NONCE_HEADER), epoch_ms)

    # --- in parameters -----------------------------------------------------------------------

    def _check_classic(
        self, request: HttpRequest, pairs: Pairs, given: Mapping[str, str], epoch_ms: int
    ) -> None:
        needed = ("AccessKeyId", "Timestamp", "SignatureNonce", "SignatureMethod")
        for name in (*needed, *self._profile.common):
            if not given.get(name):
                miss(name)
        if given["SignatureMethod"].upper() != signature.METHOD:
            raise RpcError(
                f"SignatureMethod must be {signature.METHOD}.", word=codes.BAD_PARAMETER, status=400
            )
        self._check_version(given.get("Version", ""))
        secret = self._secret(given["AccessKeyId"])
        self._check_instant(given["Timestamp"], epoch_ms)
        text = signature.string_to_sign(request.method, pairs)
        if not signature.is_equal(signature.sign(text, secret), given[signature.SIGNATURE]):
            _mismatch(text)
        self._use(given["AccessKeyId"], given["SignatureNonce"], epoch_ms)

    # --- for both ----------------------------------------------------------------------------

    def _secret(self, key: str) -> str:
        if key not in self._keys:
            raise RpcError("Specified access key is not found.", word=codes.NO_SUCH_KEY, status=404)
        return self._keys[key]

    def _check_version(self, version: str) -> None:
        if self._profile.version and version != self._profile.version:
            raise RpcError(
                f"The version must be {self._profile.version}.", word=codes.BAD_VERSION, status=400
            )

    def _check_instant(self, text: str, epoch_ms: int) -> None:
        try:
            said_ms = read_utc(text)
        except DialectError as error:
            raise RpcError(str(error), word=codes.BAD_TIMESTAMP, status=400) from error
        if not self._guard.is_fresh(said_ms, epoch_ms):
            raise RpcError("Specified time stamp is expired.", word=codes.EXPIRED, status=400)

    def _use(self, key: str, nonce: str, epoch_ms: int) -> None:
        if not nonce:
            miss("SignatureNonce")
        if not self._guard.take(key, nonce, epoch_ms):
            raise RpcError(
                "Specified signature nonce was used already.", word=codes.NONCE_USED, status=400
            )


def _first_of_each(pairs: Pairs) -> dict[str, str]:
    return dict(reversed(pairs))


def _mismatch(text: str) -> NoReturn:
    raise RpcError(
        "Specified signature is not matched with our calculation. "
        f"server string to sign is:{text}",
        word=codes.SIGNATURE_WRONG, status=400,
    )  # fmt: skip
