"""What leads out of the building: processes of their own, ordinary clients of the daemon's sockets.

    ha        the building in Home Assistant, by MQTT discovery; commands come back as a person's requests
    metrics   numbers for Prometheus, and the dashboard that shows them
    alarms    messages to people; what cannot be sent waits on disk
    prices    what energy costs, from files, web addresses and MQTT, told to the daemon
    journal   every event as an entry of systemd's journal, with fields to search by

The daemon knows none of them, and goes on when any of them hangs, dies or is taken over.  `broker` and `files` are what
they share; `check` says what is wrong with each.  `northbound.toml` says which of them there are.
"""
