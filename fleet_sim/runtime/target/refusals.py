"""What a broker's or a backend's refusal means, in one sentence for the person who can mend it.

A target answers each of ten thousand devices alike. What it says is the same wherever it is heard:
by the knock before a run, by the fleet's first connections, by the backend's own client.
"""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import replace

from fleet_sim.runtime.target.broker_access import BrokerAccess

# MQTT 3.1.1, table 3.1: what a CONNACK's return code says.
_CONNACK = {
    1: "does not speak MQTT 3.1.1",
    2: "does not take the client identifier",
    3: "says that it is not available",
    4: "refuses user name or password",
    5: "denies access",
}
PASSING = frozenset({3})  # A broker may be available a moment later; the rest stays as it is.
_CREDENTIALS = frozenset({4, 5})

# What OpenSSL says when the other end wants a certificate of ours, or another one: TLS 1.3, 1.2.
_CERTIFICATE_WANTED = ("certificate required", "alert handshake failure")
_CERTIFICATE_ALERTS = ("alert bad certificate", "unknown ca", "certificate unknown",
                       "certificate expired", "certificate revoked")  # fmt: skip


def refused(access: BrokerAccess, code: int, *, is_backend: bool) -> str:
    """Say that a CONNECT was refused with this return code.

    Args:
        access: How we came.
        code: 1 to 255.
        is_backend: Whether it was the backend's, which signs nothing; else a device's.
    """
    means = _CONNACK.get(code, "refuses CONNECT")
    sentence = f"{access.where} {means} (CONNACK code {code})"
    if code not in _CREDENTIALS:
        return sentence
    names = "FLEET_SIM_MQTT_USERNAME and FLEET_SIM_MQTT_PASSWORD"
    if access.login is not None:
        return f"{sentence}; check {names}"
    if is_backend:
        return f"{sentence}; {names} say who we are"
    return (
        f"{sentence} to what the devices sign; check their secrets, or set {names}, which then "
        "stand in every CONNECT"
    )


def cut_off(access: BrokerAccess, why: str) -> str:
    """Say that a connection ended after it was open and before CONNECT was answered."""
    if access.is_tls:
        return certificate_refused(access.where, why, cert=access.cert) or (
            f"{access.where} ends connections before it answers CONNECT ({why}); it may want "
            f"{_other(access.cert)} certificate of ours (--cert and --key)"
        )
    return (
        f"{access.where} ends connections before it answers CONNECT ({why}); if it wants TLS, "
        f"write {replace(access, is_tls=True).url}"
    )


def silent(access: BrokerAccess, waited_ms: int) -> str:
    """Say that CONNECT was never answered."""
    return (
        f"{access.where} takes connections but does not answer CONNECT within "
        f"{waited_ms // 1000} s; is it an MQTT broker?"
    )


def certificate_refused(where: str, why: str, *, cert: str | None) -> str:
    """Say that the other end is not content with our certificate; "" if it said something else."""
    said = why.lower()
    if any(text in said for text in _CERTIFICATE_WANTED) and cert is None:
        return f"{where} wants a certificate of ours ({why}); give --cert and --key"
    if any(text in said for text in (*_CERTIFICATE_WANTED, *_CERTIFICATE_ALERTS)):
        named = f"the certificate {cert}" if cert else "a connection without a certificate"
        return f"{where} does not accept {named} ({why}); another one is needed (--cert and --key)"
    return ""


def not_reached(where: str, error: OSError | TimeoutError, waited_s: float) -> str:
    """Say why no connection came about, or no agreement on TLS.

    Args:
        where: Who was called: `the broker at host:port`.
        error: What came of it.
        waited_s: How long was waited, where there was no answer.
    """
    match error:
        case TimeoutError() if error.errno is None:
            why = f"no answer within {waited_s:.0f} s"
        case socket.gaierror():
            why = "its name is not known"
        case _ if error.errno and error.errno > 0:
            why = os.strerror(error.errno).lower()
        case _:
            why = " ".join(str(error).split()) or type(error).__name__
    return f"{where} cannot be reached: {why}"


def no_tls(where: str, error: ssl.SSLError | OSError, *, cert: str | None, plain: str) -> str:
    """Say why TLS came to no agreement.

    Args:
        where: Who was called.
        error: What came of it; an `OSError` where the connection ended in the midst of it.
        cert: The file of our certificate, if we showed one.
        plain: What a URL without TLS begins with: `mqtt://`.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {where} was not accepted: {_verify_message(error)}; --ca names "
            "the authority that vouches for it"
        )
    why = tls_reason(error)
    return certificate_refused(where, why, cert=cert) or (
        f"{where} does not agree to TLS ({why}); if its port is a plain one, write {plain}"
    )


def tls_reason(error: ssl.SSLError | OSError) -> str:
    """Return what went wrong in words, without OpenSSL's brackets and line numbers."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    if error.errno and error.errno > 0:
        return os.strerror(error.errno).lower()
    return "the connection ended"


def _verify_message(error: ssl.SSLCertVerificationError) -> str:
    text = error.verify_message or str(error)
    return text.rstrip(".").lower() if text.isupper() else text.rstrip(".")


def _other(cert: str | None) -> str:
    return "a" if cert is None else "another"
