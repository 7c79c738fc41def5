"""The devices: an OTA agent each, and the ways in which they misbehave.

`DeviceAgent` takes events and gives effects (`events`), from a table of moves (`states`); a
`Persona` (`personas`, `conduct`) says how one attempt goes wrong, as data. Nothing here knows a
vendor, a socket or a clock: time and what happened are arguments, chance is keyed.
"""
