"""A dialect of somebody else's package, and how tests install it.

Beside this file stands the whole package as its author would have it: `pyproject.toml` with the
entry point, and `fleet_sim_acme/`. It is a model for one's own.
"""
