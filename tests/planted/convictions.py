"""Which promise convicts each planted bug, and on which ground and seed."""

from __future__ import annotations

# Bug to the promise that must convict it, and a ground and seed on which it does.
CONVICTED = {
    "B01": ("V01", "two-jobs", 1),
    "B02": ("V01", "mixed", 1),
    "B06": ("V13", "mixed", 1),
    "B07": ("V11", "late", 1),
    "B08": ("V12", "silent", 1),
    "B10": ("V14", "mixed", 1),
    "B11": ("V14", "mixed", 2),
    "B13": ("V15", "mixed", 1),
    "B14": ("V16", "mixed", 2),
    "B15": ("V20", "mixed", 1),
    "B16": ("V20", "mixed", 1),
    "B18": ("V24", "late", 1),
    "B20": ("V31", "twice-told", 1),
    "B23": ("V28", "mixed", 1),
    "B27": ("V34", "mixed", 1),
    "B28": ("V16", "mixed", 1),
    "B38": ("V43", "two-jobs", 1),
    "B29": ("V36", "joiners", 1),
    "B30": ("V37", "joiners", 1),
    "B41": ("V41", "two-jobs", 1),
    "B43": ("V41", "two-jobs", 1),
    "B48": ("V04", "two-jobs", 1),
    "B51": ("V06", "asked", 1),
    "B53": ("V49", "rated", 1),
    "B60": ("V02", "two-jobs", 1),
    "B61": ("V03", "two-jobs", 1),
    "B62": ("V23", "mixed", 1),
    "B63": ("V25", "mixed", 1),
    "B64": ("V27", "mixed", 1),
    "B65": ("V35", "two-jobs", 1),
    "B66": ("V21", "two-jobs", 1),
    "B67": ("V43", "two-jobs", 1),
    "B68": ("V06", "both-ways", 1),
}

# The same where devices ask, of bugs in what a server does with an attempt however it began.
CONVICTED_WHERE_DEVICES_ASK = {
    "B01": ("V01", "asked", 1),
    "B10": ("V14", "asked", 1),
    "B11": ("V14", "asked", 1),
    "B13": ("V15", "asked", 1),
    "B14": ("V16", "asked", 1),
    "B15": ("V20", "asked", 1),
    "B16": ("V20", "asked", 2),
    "B27": ("V34", "asked", 1),
    "B28": ("V16", "asked", 1),
    "B60": ("V02", "both-ways", 1),
    "B62": ("V23", "asked", 1),
    "B63": ("V24", "asked", 1),
    "B64": ("V27", "asked", 1),
    "B66": ("V21", "asked", 1),
}

# Bugs that another promise convicts from outside, where devices ask.
BY_ANOTHER = {
    # The first report after a restart crosses the next offer, so which attempt it ends is open;
    # that the offer comes again, though the target was reported, is not.
    "B62": "V04",
}

# The same where devices are pushed to.
PUSHED_BY_ANOTHER = {
    # That a report came twice is seen at the server's end alone; that a task is
    # listed twice is seen by everybody.
    "B20": "V35",
}

# What no ground shows yet, and why; each is shown by hand-fed events in tests/backend.
NOT_ON_GROUNDS = {
    "B03": "needs a restart",
    "B04": "its promise, V19, has no oracle yet",
    "B09": "needs a restart",
    "B19": "needs a device that reports a failure after its success (F37)",
}
