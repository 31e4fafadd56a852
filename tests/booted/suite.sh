#!/bin/bash
# Runs in a booted Debian without a network, started by its systemd; writes a line `ok NAME` or `not ok NAME: WHY` for
# everything that was tried, then switches the machine off.  /in holds two bundles and a site file, /out takes the lines.
exec >/out/log 2>&1
set -x

ok() { echo "ok $1" >>/out/results; }
no() { echo "not ok $1: $2" >>/out/results; }
holds() {  # NAME COMMAND..
    local name=$1
    shift
    if "$@"; then ok "$name"; else no "$name" "$*"; fi
}
pid() { systemctl show -p MainPID --value hems.service; }
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
another() { [ "$(pid)" != "$1" ] && runs; }
says() { journalctl -q --no-pager -o cat "${@:2}" | grep -q "$1"; }
export HEMS_HEALTHY_S=8
install() { /in/whole/install.sh --bundle "$@"; }

mkdir -p /etc/hems && cp /in/site.toml /etc/hems/
began=$SECONDS
install /in/good.tar >/out/first 2>&1
echo "installed in $((SECONDS - began)) s" >>/out/times
holds "installs without a network and is ready" runs
runs || { systemctl --no-block poweroff; exit; }  # nothing below means anything then
holds "status line tells of the building" test -n "$(systemctl show -p StatusText --value hems.service)"
holds "the command finds the daemon" hems status
holds "user and group own the doors" test "$(stat -c %U:%G /run/hems/operate.sock)" = hems:hems-operate
install /in/good.tar >/out/second 2>&1
holds "a second installation changes nothing" grep -q "everything was as it should be" /out/second

echo "hems:secret" >/etc/hems/credentials/login && chmod 600 /etc/hems/credentials/login
began=$(date +%s%N)
systemctl restart hems
echo "restarted and ready in $((($(date +%s%N) - began) / 1000000)) ms" >>/out/times
holds "passwords are handed over" test -f /run/credentials/hems.service/mqtt_login
rm /etc/hems/credentials/login
systemctl restart hems
holds "without a password it starts as well" runs

old=$(pid)
began=$SECONDS
kill -STOP "$old"
holds "a hang ends in a restart" within 40 another "$old"
echo "back after a hang in $((SECONDS - began)) s" >>/out/times
holds "and leaves a traceback" says "Fatal Python error: Aborted" -u hems
holds "the failure is told" within 10 says "hems.service has ended badly" -u 'hems-failed@*'
old=$(pid)
began=$SECONDS
kill -KILL "$old"
holds "kill -9 ends in a restart" within 20 another "$old"
echo "back after kill -9 in $((SECONDS - began)) s" >>/out/times

old=$(pid)
holds "it cannot write to the system" nsenter -t "$old" -m -- sh -c '! touch /etc/hems/x /opt/hems/x /usr/x 2>/dev/null'
holds "it can write its records" nsenter -t "$old" -m -- touch /var/lib/hems/x
rm -f /var/lib/hems/x

install /in/bad.tar >/out/bad 2>&1
code=$?
holds "a bad release is turned back" test "$code:$(readlink /opt/hems/current)" = "1:releases/$(cat /in/good.version)"
holds "and the old one runs" within 20 runs

mv /etc/hems/site.toml /var/tmp/
echo "no = table = at all" >/etc/hems/site.toml
systemctl restart --no-block hems
holds "a mistaken site file is one clear sentence" within 15 says "site.toml" -u hems
mv /var/tmp/site.toml /etc/hems/
holds "and a mended one is taken up without a person" within 30 runs

mkdir -p /mnt/hems-copies && mount -t tmpfs none /mnt/hems-copies && chown hems: /mnt/hems-copies
systemctl start hems-backup.service
holds "a copy goes to the second disk" test -f /mnt/hems-copies/hems-000001/state.db
/in/whole/install.sh --uninstall --force >/out/uninstall 2>&1
holds "uninstalling keeps records and site" test -f /var/lib/hems/state.db -a -f /etc/hems/site.toml -a ! -e /opt/hems
holds "and stops it" test "$(systemctl is-active hems.service)" != active
systemctl --no-block poweroff
