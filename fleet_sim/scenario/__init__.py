"""What a user writes, going in: YAML text becomes a checked scenario, and that becomes a plan.

    text → tree (every value with its line and column) → Scenario (pydantic) → Plan (frozen data)

Rules
- Every mistake of a file is found before anyone is told, each once, with its line and column.
- A plan is a function of the scenario, the seed and the flags: the same on every machine, whatever
  the hash seed, and it can be printed. Whatever can be known before a run stands in it.
- Nothing here reads a file, a clock or the environment. `cli/` and `runtime/` bring the text.
"""
