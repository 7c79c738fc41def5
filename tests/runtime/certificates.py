"""Certificates of a made-up authority, as files: the broker's, a device's, and a stranger's."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificates:
    """Paths of PEM files.

    Attributes:
        ca: Who signed the broker's and the device's certificate.
        broker: The certificate of 127.0.0.1.
        broker_key: Its key.
        device: A client's certificate.
        device_key: Its key.
        strange_ca: Who signed nothing here.
    """

    ca: Path
    broker: Path
    broker_key: Path
    device: Path
    device_key: Path
    strange_ca: Path

    def for_server(self, *, wants_client: bool = False) -> ssl.SSLContext:
        """Return the broker's context; it may insist on a client certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.ca)
        context.load_cert_chain(self.broker, self.broker_key)
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def issue(folder: Path) -> Certificates:
    """Write a set of certificates into a folder."""
    authority, stranger = trustme.CA(), trustme.CA()
    broker = authority.issue_cert("127.0.0.1", "localhost")
    device = authority.issue_cert("device.example")
    made = Certificates(
        *(folder / name for name in ("ca", "broker", "broker.key", "device", "device.key", "other"))
    )
    authority.cert_pem.write_to_path(made.ca)
    stranger.cert_pem.write_to_path(made.strange_ca)
    for leaf, cert, key in (
        (broker, made.broker, made.broker_key),
        (device, made.device, made.device_key),
    ):
        leaf.private_key_pem.write_to_path(key)
        cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    return made
