"""The reference OTA server's brain: events in, effects out, nothing else.

Rules of the room
- `Brain.handle` takes one event and the instant; it returns what must be done, in order. Time is an
  argument and chance is a keyed counter, so the same events give the same effects.
- What must survive a restart leaves as `Keep`; everything that depends on it comes after it.
- Vendors differ by the data of a `ContractProfile`, never by an `if` on a vendor's name.
- A planted bug is one visible line at the place where a real one would live (`planted`).

It never opens a socket, a file or a database, never waits, and never reads a clock.
"""
