"""What a device holds of an image, as far as anybody wants to know: how many bytes, and digests."""

from __future__ import annotations

import hashlib


class Holding:
    """Bytes as they arrive, counted and digested but not kept.

    Args:
        method: `md5` or `sha256`: how the vendor digests the image; "" where it does not.
        flip_bits: How many bits of the first bytes to corrupt, so that the digest is wrong.
    """

    __slots__ = ("_digest", "_flip_bits", "_sha256", "size_bytes")

    def __init__(self, method: str, flip_bits: int = 0) -> None:
        self.size_bytes = 0
        self._flip_bits = flip_bits
        self._sha256 = hashlib.sha256()
        is_same = method in {"", "sha256"}
        self._digest = self._sha256 if is_same else hashlib.new(method)

    def take(self, chunk: bytes | memoryview) -> None:
        """Hold some more."""
        if self._flip_bits and not self.size_bytes:
            chunk = _flipped(chunk, self._flip_bits)
        self._sha256.update(chunk)
        if self._digest is not self._sha256:
            self._digest.update(chunk)
        self.size_bytes += len(chunk)

    @property
    def digest(self) -> str:
        """By the vendor's method, lower-case hex."""
        return self._digest.hexdigest()

    @property
    def sha256(self) -> str:
        """SHA-256, lower-case hex."""
        return self._sha256.hexdigest()


def _flipped(chunk: bytes | memoryview, bits: int) -> bytes:
    spoilt = bytearray(chunk)
    for bit in range(min(bits, 8 * len(spoilt))):
        spoilt[bit // 8] ^= 1 << (bit % 8)
    return bytes(spoilt)
