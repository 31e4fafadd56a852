#!/bin/bash
# Runs in a booted Debian without a network, started by its systemd; tells of everything that was tried, then switches the
# machine off.  /in holds two bundles and a site file, /out takes the lines.
exec >/out/log 2>&1
set -x

# shellcheck source=tests/booted/lines.sh
. /in/lines.sh
pid() { systemctl show -p MainPID --value hems.service; }
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

cp /etc/hems/site.toml /var/tmp/
echo "no = table = at all" >/etc/hems/site.toml
systemctl restart hems
holds "a mistaken site file leaves the last good one running" within 30 runs
holds "and is one clear sentence" says "site.toml, line 1" -u hems
told() { hems alarms | tr -s ' \n' ' ' | grep -q "$1"; }
holds "and an alarm" within 15 told "last site file that worked"
chmod 000 /etc/hems/site.toml
systemctl restart hems
holds "wrong permissions leave the last good one running" within 30 runs
old=$(pid)
sed 's/^service_a = .*/service_a = 40/' /var/tmp/site.toml >/var/tmp/new.toml
rm -f /etc/hems/site.toml
holds "a new site file is put in force" hems config apply /var/tmp/new.toml --who Ana
holds "by a daemon that started anew" within 10 another "$old"
holds "and taken back" sh -c 'hems config apply /var/tmp/site.toml --who Ana && hems config rollback --who Ana && cmp /etc/hems/site.toml /var/tmp/new.toml'

began=$(date +%s%N)
systemctl restart hems
took=$((($(date +%s%N) - began) / 1000000))
echo "ready with no network, broker, clock or device in $took ms" >>/out/times
holds "ready within 30 s with no network, broker, clock or device" test "$took" -lt 30000
lost() { hems alarms | grep -c "^MED.*does not"; }
holds "and it says what does not answer" within 15 test "$(sleep 6; lost)" -ge 6
unchecked() { hems status | grep -q "clock not checked" || [ "$(timedatectl show -p NTPSynchronized --value)" = yes ]; }
holds "a clock that nobody has set right is not believed" unchecked

systemctl stop hems
cp -a /var/lib/hems /var/tmp/kept
mount -t tmpfs -o size=4m none /var/lib/hems && cp -a /var/tmp/kept/. /var/lib/hems/ && chown hems: /var/lib/hems
systemctl start hems
old=$(pid)
dd if=/dev/zero of=/var/lib/hems/filler bs=64k 2>/dev/null
sleep 25
holds "on a full disk it runs on" test "$(pid)" = "$old"
holds "and says so" told "disk"
rm /var/lib/hems/filler
systemctl stop hems  # a disk is not made read-only while somebody writes to it, unless by the kernel
mount -o remount,ro /var/lib/hems
systemctl start hems
holds "it starts on a disk that has become read-only" within 30 runs
holds "and says that too" within 40 told "has become"
systemctl stop hems
umount /var/lib/hems
systemctl start hems

systemctl stop hems
dd if=/dev/urandom of=/var/lib/hems/state.db bs=1k count=8 conv=notrunc 2>/dev/null
systemctl start hems
holds "a damaged state does not stop a start" within 30 runs
holds "and is an alarm" within 15 told "could not be used"

mkdir -p /mnt/hems-copies && mount -t tmpfs none /mnt/hems-copies && chown hems: /mnt/hems-copies
holds "the copy of the night is laid on" systemctl is-active --quiet hems-backup.timer
systemctl start hems-backup.service
holds "a copy goes to the second disk" test -f /mnt/hems-copies/hems-000001/state.db
mistaken() { [ "$(systemctl show -p ExecMainStatus --value hems-metrics)" = 78 ]; }
printf '[metric]\n' >/etc/hems/northbound.toml
systemctl start hems-metrics
holds "a mistake in what leads out is told once and costs nothing else" within 20 mistaken
holds "and the building is served" runs
/in/whole/install.sh --uninstall --force >/out/uninstall 2>&1
holds "uninstalling keeps records and site" test -f /var/lib/hems/state.db -a -f /etc/hems/site.toml -a ! -e /opt/hems
holds "and stops it" test "$(systemctl is-active hems.service)" != active
systemctl --no-block poweroff
