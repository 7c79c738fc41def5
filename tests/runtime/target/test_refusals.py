import errno
import socket
import ssl

import pytest

from fleet_sim.runtime.target import refusals
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin

PLAIN = BrokerAccess(host="h", port=1883)
NAMED = BrokerAccess(host="h", port=1883, login=MqttLogin(username="ada", password="lovelace"))
TLS = BrokerAccess(host="h", port=8883, is_tls=True)
WITH_CERT = BrokerAccess(host="h", port=8883, is_tls=True, cert="our.pem")
WHERE = "the broker at h:8883"


def ssl_error(reason: str) -> ssl.SSLError:
    """Return an error as OpenSSL makes them."""
    error = ssl.SSLError(1, f"[SSL: {reason}] {reason.lower()} (_ssl.c:1)")
    error.reason = reason
    return error


@pytest.mark.parametrize("code", range(1, 7))
def test_each_return_code_has_its_sentence(code: int) -> None:
    """With its number, for whoever looks into the broker's log."""
    text = refusals.refused(PLAIN, code, is_backend=False)

    assert text.startswith("the broker at h:1883 ")
    assert f"(CONNACK code {code})" in text


@pytest.mark.parametrize(
    ("access", "is_backend", "advice"),
    [
        (PLAIN, False, "check their secrets, or set FLEET_SIM_MQTT_USERNAME"),
        (PLAIN, True, "say who we are"),
        (NAMED, False, "; check FLEET_SIM_MQTT_USERNAME"),
        (NAMED, True, "; check FLEET_SIM_MQTT_USERNAME"),
    ],
)
@pytest.mark.parametrize("code", [4, 5])
def test_refused_credentials_name_what_can_be_set(
    access: BrokerAccess, code: int, *, is_backend: bool, advice: str
) -> None:
    """Who signs for itself has a secret to check; who has a login has that; none is shown."""
    text = refusals.refused(access, code, is_backend=is_backend)

    assert advice in text
    assert "ada" not in text
    assert "lovelace" not in text


@pytest.mark.parametrize(
    ("access", "why", "advice"),
    [
        (PLAIN, "closed by the broker", "write mqtts://h:1883"),
        (TLS, "tlsv13 alert certificate required", "wants a certificate of ours"),
        (TLS, "connection reset by peer", "may want a certificate of ours"),
        (WITH_CERT, "tlsv1 alert unknown ca", "does not accept the certificate our.pem"),
        (WITH_CERT, "connection reset by peer", "may want another certificate"),
        (TLS, "tlsv1 alert unknown ca", "a connection without a certificate"),
    ],
)
def test_an_end_before_the_answer_tells_what_may_help(
    access: BrokerAccess, why: str, advice: str
) -> None:
    """TLS 1.3 tells of certificates only after the handshake, and sometimes only by cutting."""
    text = refusals.cut_off(access, why)

    assert text.startswith(access.where)
    assert why in text
    assert advice in text


def test_silence_is_told_with_its_length() -> None:
    """In whole seconds."""
    assert "within 15 s" in refusals.silent(PLAIN, 15_000)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (TimeoutError(), "no answer within 10 s"),
        (TimeoutError(errno.ETIMEDOUT, "x"), "connection timed out"),
        (socket.gaierror(-2, "Name or service not known"), "its name is not known"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('::1', 9)"),
         "connection refused"),
        (OSError("Multiple exceptions: [Errno 111] a, [Errno 111] b"), "Multiple exceptions"),
        (OSError(), "OSError"),
    ],
)  # fmt: skip
def test_whatever_keeps_a_connection_away_has_words(error: OSError, why: str) -> None:
    """The system's own where it has some, without addresses in brackets."""
    text = refusals.not_reached(WHERE, error, 10.0)

    assert text.startswith(f"{WHERE} cannot be reached: {why}")


@pytest.mark.parametrize(
    ("error", "cert", "said"),
    [
        (ssl_error("WRONG_VERSION_NUMBER"), None,
         "does not agree to TLS (wrong version number); if its port is a plain one, write mqtt://"),
        (ConnectionResetError(errno.ECONNRESET, "x"), None, "(connection reset by peer)"),
        (ConnectionAbortedError(), None, "(the connection ended)"),
        (ssl_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), None, "wants a certificate of ours"),
        (ssl_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), "our.pem",
         "does not accept the certificate our.pem"),
    ],
)  # fmt: skip
def test_no_agreement_on_tls_tells_what_may_help(
    error: OSError, cert: str | None, said: str
) -> None:
    """A plain port, or a certificate that the other end wants."""
    assert said in refusals.no_tls(WHERE, error, cert=cert, plain="mqtt://")


def test_a_certificate_we_do_not_trust_is_told_with_openssls_reason() -> None:
    """And with the option that names whom to trust."""
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "Hostname mismatch, certificate is not valid for 'h'."

    text = refusals.no_tls(WHERE, error, cert=None, plain="mqtt://")

    assert text == (
        "the certificate of the broker at h:8883 was not accepted: Hostname mismatch, certificate "
        "is not valid for 'h'; --ca names the authority that vouches for it"
    )
