import ssl
from pathlib import Path

from tests.runtime.certificates import issue


def test_issued_certificates_fit_together(tmp_path: Path) -> None:
    """A server's context can be made of them; the strange authority is another one."""
    made = issue(tmp_path)

    assert made.for_server().verify_mode is ssl.CERT_NONE
    assert made.for_server(wants_client=True).verify_mode is ssl.CERT_REQUIRED
    assert made.ca.read_bytes() != made.strange_ca.read_bytes()
