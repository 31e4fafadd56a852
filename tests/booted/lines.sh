# shellcheck shell=bash
# What the scripts of the booted system tell: a line `ok NAME`, `not ok NAME: WHY` or `skip NAME: WHY` in /out/results.
ok() { echo "ok $1" >>/out/results; }
no() { echo "not ok $1: $2" >>/out/results; }
skipped() { echo "skip $1: $2" >>/out/results; }
holds() {  # NAME COMMAND..
    local name=$1
    shift
    if "$@"; then ok "$name"; else no "$name" "$*"; fi
}
within() {  # SECONDS COMMAND..
    local left=$1
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 1
    done
}
runs() { [ "$(systemctl show -p ActiveState,SubState --value hems.service | tr '\n' ' ')" = "active running " ]; }
