"""The links: what a network does to time.

A link sits above TCP, so it loses and reorders nothing: latency, a queue a direction, stalls where
segments are lost, outages (`link`, `weather`, `outages`), by numbers that stand in `profiles`.
Instants go in and come out, chance is keyed; nothing here sleeps, sends or knows an upgrade.
"""
