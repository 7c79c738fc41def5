"""The guard against replays: an instant that is not too far off, and a nonce that is new.

Source: "Common parameters": 15 minutes, and `SignatureNonce` differs from request to request.
"""

from __future__ import annotations

from collections import deque

WINDOW_MS = 15 * 60_000
# A busy fleet's operators make ten calls a second, 18,000 in two windows. Beyond this many the
# oldest is forgotten, so a flood of signed calls costs protection and not memory.
NONCES_MAX = 200_000


class ReplayGuard:
    """Remembers nonces for as long as an instant can be fresh: a window before and one after."""

    def __init__(self, limit: int = NONCES_MAX) -> None:
        self._limit = limit
        self._seen: set[tuple[str, str]] = set()
        self._order: deque[tuple[int, tuple[str, str]]] = deque()

    def is_fresh(self, said_epoch_ms: int, epoch_ms: int) -> bool:
        """Tell whether a call's instant is within the window, on either side."""
        return abs(epoch_ms - said_epoch_ms) <= WINDOW_MS

    def take(self, key: str, nonce: str, epoch_ms: int) -> bool:
        """Note a nonce of an access key; False where it was used before."""
        while self._order and self._order[0][0] < epoch_ms - 2 * WINDOW_MS:
            self._forget()
        if (key, nonce) in self._seen:
            return False
        if len(self._order) >= self._limit:
            self._forget()
        self._seen.add((key, nonce))
        self._order.append((epoch_ms, (key, nonce)))
        return True

    def _forget(self) -> None:
        _, oldest = self._order.popleft()
        self._seen.discard(oldest)
