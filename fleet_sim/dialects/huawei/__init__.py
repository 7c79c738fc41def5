"""Huawei: devices over MQTT (IoTDA), operators by OceanConnect or by IoTDA v5, on one platform.

OceanConnect (A: `/iocm`, `/iodm`) is the older generation and never spoke MQTT; IoTDA (B: `/v5`)
has devices over MQTT and another northbound. That one platform serves both is a bridge of ours:

    A                            here                              B
    model                        product key                       product_id
    deviceId                     product key _ device key          device_id
    operationId                  job                               task_id
    fileId                       firmware                          package_id
    subOperationId               task                              (its target)
    a group named as the model   every device of the product       all of `targets_filter`
    wait                         unconfirmed, queued               Waitting
    processing                   pushed, under way                 Processing
    processing                   waits to be tried again           FailWaitRetry
    success                      succeeded                         Success
    fail, counted as timeout     failed, by the clock              Fail
    fail                         failed                            Fail
    stop                         cancelled                         Stopped
    failed (of the whole)        some failed                       Fail, PartialSuccess

What waits to be tried again keeps the status of its attempt; a scenario may have it read otherwise
(`between_attempts_status`), which then is what A shows.

What either says of a job is one and the same job, so a task made by A can be stopped by B. A has no
call that uploads, for that is done on its console; the path that does it here is `admin`'s, ours.

Firmware and software are two words for one thing here: a device has one version, and which word an
operator uses for it is kept with the package and the job. (The report of an end says no more.)

Each module names its sources. Marks: [U] is in no page that we know, and a choice of ours.
"""
