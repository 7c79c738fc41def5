from pathlib import Path

import pytest

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin, access_to, login_from
from fleet_sim.scenario.plan import TargetPlan
from tests.runtime.certificates import issue


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls"),
    [
        ("mqtt://h", "h", 1883, False),
        ("mqtts://h", "h", 8883, True),
        ("mqtt://h:77", "h", 77, False),
        ("mqtts://[::1]:78", "::1", 78, True),
    ],
)
def test_a_url_says_where_and_how(url: str, host: str, port: int, is_tls: bool) -> None:
    """The scheme decides on TLS and on the port that need not be said."""
    access = access_to(TargetPlan(broker=url, ca="ca", cert="cert", key="key"), None)

    assert access == BrokerAccess(
        host=host, port=port, is_tls=is_tls, ca="ca", cert="cert", key="key"
    )
    assert access_to(TargetPlan(broker=access.url), None).port == port
    assert access.where == f"the broker at {host}:{port}"


def test_secrets_are_never_shown() -> None:
    """Not even where somebody prints them by mistake; the URL holds none either."""
    login = MqttLogin(username="ada", password="lovelace")
    access = BrokerAccess(host="h", port=1, login=login)

    for text in (repr(access), access.url, access.where):
        assert "ada" not in text
        assert "lovelace" not in text


@pytest.mark.parametrize(
    ("username", "password", "login"),
    [
        (None, None, None),
        ("", "", None),
        ("u", None, MqttLogin(username="u")),
        ("u", "p", MqttLogin(username="u", password="p")),
    ],
)
def test_the_environment_says_who_we_are(
    username: str | None, password: str | None, login: MqttLogin | None
) -> None:
    """A variable that is empty says nothing."""
    assert login_from(username, password) == login


def test_a_password_without_a_user_is_a_mistake() -> None:
    """MQTT 3.1.1 has no form for it; the password stays unsaid."""
    with pytest.raises(TargetError, match="without FLEET_SIM_MQTT_USERNAME") as told:
        login_from(None, "hunter2")

    assert "hunter2" not in str(told.value)


def test_only_tls_reads_the_files_of_tls(tmp_path: Path) -> None:
    """A plain connection needs none of them, even where they are named."""
    certificates = issue(tmp_path)
    ca, cert, key = (
        str(path) for path in (certificates.ca, certificates.device, certificates.device_key)
    )

    context = BrokerAccess(host="h", port=1, is_tls=True, ca=ca, cert=cert, key=key).tls()

    assert context is not None
    assert context.cert_store_stats()["x509_ca"] == 1
    assert BrokerAccess(host="h", port=1, ca="/nonexistent").tls() is None
    with pytest.raises(TargetError, match="/nonexistent cannot be read"):
        BrokerAccess(host="h", port=1, is_tls=True, ca="/nonexistent").tls()
