"""The RPC API that Alibaba's IoT platform and Tuya's successor to it share.

    request  ──parameters──►  authority  ──►  actions  ──►  neutral call
    answer   ──rows──►  envelope, cased as the vendor cases it  ──►  response

The two vendors differ in data alone: a `Profile` says how keys are cased, which common parameters a
call must carry, which actions there are and which words and ranges they take. Nothing here asks
which vendor it is.

Source: "Common parameters", "Request signatures" (Alibaba Cloud), "Compute Signature",
"ListOTATaskByJob" and its siblings (Tuya), the official SDK for version 2018-01-20.
"""
