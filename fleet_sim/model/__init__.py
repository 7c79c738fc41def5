"""The words every room speaks: identities, images, neutral messages and calls, records, contracts.

Values only, frozen. A type that one room alone uses lives in that room; this is no drawer. Time is
whole milliseconds since the start of the run, chance is a keyed counter (`chance`).
"""
