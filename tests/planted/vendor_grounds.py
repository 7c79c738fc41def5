"""Grounds on which the backend does as vendors do, by a contract like theirs or by their own."""

# As the Alink clouds have it: pushes a minute, pushed again at each reconnect, retries that show
# nothing, and no second life after a timeout.
RATED = """
name: rated
duration: 30m
contract:
  timeout_s_min: 10
  pushes_a_minute: 12
  cap_default: null
  repush_on_reconnect: always
  connect_wait_s: 2
  between_attempts_status: [unchanged]
  retry_on: [failed, foreign_version]
  busy_device: refuse
  target_before_push: succeeds
  cancel_shows_as: cancelled
  cancellable: [queued, pushed, under_way]
  job_completes: all_ended
fleets:
  field:
    devices: 50
    firmware: {"1.1.0": 40%, "1.2.0": 60%}
    network: {wifi_good: 60%, regular_3g: 30%, tunnel: 10%}
    personas:
      healthy: 60%
      bad_digest: 10%
      stuck_at_n: {share: 8%, n: 50, attempts: 1}
      no_ack: {share: 4%, attempts: 1}
      offline_at_push: {share: 8%, until_s: 40}
      flap: {share: 10%, up_s: 16, down_s: 3}
    connect: {over: 3s}
jobs:
  - at: 5s
    upgrade: field
    to: "1.3.0"
    from: ["1.1.0", "1.2.0"]
    image: {size: 48KiB}
    timeout: 40s
    retries: 2
    retry_interval: 70s
  - {at: 30s, upgrade: field, to: "1.4.0", image: {size: 16KiB}, timeout: 40s}
events:
  - {at: 20s, cancel: field, share: 10%}
  - {at: 70s, disconnect: field, share: 40%, for: 8s}
"""

# As Huawei has it: the timer runs from the push, the silent time out, and who failed is tried again
# when everybody has had a turn.
ROUNDS = """
name: rounds
duration: 30m
contract:
  timeout_s_min: 10
  cap_default: null
  upgrading_starts: push
  timeout_anchor: push
  silent_device: times_out
  retry_on: [failed]
  retry_round: after_whole_task
  repush_on_reconnect: never
  already_at_target: instant_success
  must_have_reported_version: false
  online_timeout_s: 120
  busy_device: refuse
  cancel_shows_as: cancelled
  job_completes: all_ended
  policy_names: null
fleets:
  field:
    devices: 40
    firmware: {"1.2.0": 80%, "1.3.0": 20%}
    network: {wifi_good: 70%, regular_3g: 30%}
    personas:
      healthy: 60%
      brick: 4%
      bad_digest: {share: 16%, attempts: 1}
      no_ack: {share: 6%, attempts: 1}
      offline_at_push: {share: 8%, until_s: 40}
      ack_then_silent: 6%
    connect: {over: 3s}
jobs:
  - at: 5s
    upgrade: field
    to: "1.3.0"
    image: {size: 16KiB}
    timeout: 40s
    retries: 2
    retry_interval: 5s
  - {at: 20s, upgrade: field, to: "1.4.0", image: {size: 16KiB}, timeout: 40s}
"""

# Alibaba by its own contract: frozen, dynamic (the newest wins), asked-for and rated jobs.
ALIBABA = """
name: alibaba
duration: 7m
fleets:
  field:
    devices: 15
    dialect: alibaba
    firmware: {"1.1.0": 40%, "1.2.0": 60%}
    network: {wifi_good: 60%, regular_3g: 40%}
    personas:
      healthy: 60%
      bad_digest: {share: 20%, attempts: 1}
      silent_success: {share: 10%, attempts: 1}
      stuck_at_n: {share: 10%, n: 50}
    connect: {over: 60s}
jobs:
  - {at: 10s, upgrade: field, to: "1.3.0", from: ["1.1.0"], image: {size: 16KiB}, timeout: 1m}
  - {at: 30s, upgrade: field, to: "1.4.0", incremental: true, image: {size: 16KiB}, retries: 1}
  - {at: 50s, upgrade: field, to: "1.5.0", incremental: true, image: {size: 16KiB}, timeout: 1m}
  - {at: 3m, upgrade: field, to: "1.6.0", ask: true, image: {size: 16KiB}, timeout: 1m}
  - {at: 5m, upgrade: field, to: "1.7.0", rate: 10, image: {size: 16KiB}, timeout: 1m}
"""

# Huawei by its own contract, its timers shortened: questions, rounds of retries, conflicts.
HUAWEI = """
name: huawei
duration: 30m
contract: {timeout_s: 120, version_answer_timeout_s: 30, online_timeout_s: 100}
fleets:
  field:
    devices: 30
    dialect: huawei
    firmware: {"1.2.0": 80%, "1.3.0": 20%}
    network: {wifi_good: 70%, regular_3g: 30%}
    personas:
      healthy: 60%
      bad_digest: {share: 20%, attempts: 1}
      silent_success: {share: 10%, attempts: 1}
      offline_at_push: {share: 10%, until_s: 200}
    connect: {over: 20s}
jobs:
  - {at: 15s, upgrade: field, to: "1.3.0", image: {size: 16KiB}, retries: 2}
  - {at: 30s, upgrade: field, to: "1.4.0", image: {size: 16KiB}}
  - {at: 5m, upgrade: field, to: "1.5.0", image: {size: 16KiB}, retries: 1}
"""
