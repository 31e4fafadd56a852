#!/bin/bash
# Runs in a booted Debian without a network: every command of the installer's manual, in the order in which they stand
# there, on the emulated house of examples/home.toml.  /in/commands has them; /out/manual tells how each of them ended.
exec >/out/log 2>&1
set -x
# shellcheck source=tests/booted/lines.sh
. /in/lines.sh
STATUS() { hems status | tr -s ' \n' ' '; }
shows() { STATUS | grep -q "$1"; }
hides() { ! STATUS | grep -q "$1"; }
release=/opt/hems/current/venv/bin/python
act() { $release -c "
import asyncio, pathlib
from hil.emulate.remote import Remote
async def act():
    async with Remote(pathlib.Path('/run/house/plant.sock')) as house:
        await house.do('$1')
asyncio.run(act())"; }
off() { $release -c "
import asyncio, pathlib, sys
from hil.emulate.remote import Remote
async def look():
    async with Remote(pathlib.Path('/run/house/plant.sock')) as house:
        return (await house.status())['circuits']['laundry']
sys.exit(bool(asyncio.run(look())['closed']))"; }

cp -r /in/whole /srv/hems && cd /srv/hems || exit
# the example as it stands, with the waits that protect a real grid and real compressors cut short
{ echo 'times = "short"'; sed '/^times = /d; s/^min_off_s = 300/min_off_s = 5/' examples/home.toml; } >site.toml
sed 's/^service_a = .*/service_a = 40/' site.toml >new.toml
export HEMS_HEALTHY_S=5
refused=""
while read -r line; do
    limit=120 answers=/dev/null
    case $line in
        *--watch*) limit=8 ;;
        *commission*--who*) limit=900 answers=/in/yes ;;
    esac
    code=0
    timeout "$limit" bash -c "$line" <$answers >/var/tmp/words 2>&1 || code=$?
    case $line in
        *--watch*) [ $code != 124 ] || code=0 ;;
        "hems probe mqtt "*) [ $code != 1 ] || code=0 ;;  # there is a broker and no device at it in this house
    esac
    echo "$code  $line" >>/out/manual
    tail -n 4 /var/tmp/words >>/out/manual
    if [ $code != 0 ] || grep -q Traceback /var/tmp/words; then refused="$refused; $line"; fi
    case $line in
        "./install.sh")
            holds "the manual installs it" test -x /opt/hems/current/venv/bin/hems
            mkdir -p /mnt/hems-copies && mount -t tmpfs none /mnt/hems-copies && chown hems: /mnt/hems-copies
            $release /in/building.py /in/home.rig.toml /run/house &
            within 60 test -e /run/house/there ;;
        "hems probe tcp "*) holds "a device on the network is found with its profile" grep -q "sunspec-inverter" /var/tmp/words ;;
        "hems probe rtu /dev"*) holds "both meters on the serial line are found" test "$(grep -c 'eastron-sdm630' /var/tmp/words)" -ge 2 ;;
        "systemctl start hems")
            holds "it starts and only watches" within 30 shows "ONLY WATCHING"
            shows "ONLY WATCHING" || { journalctl --no-pager -u hems; systemctl --no-block poweroff; exit; }
            within 90 shows "GRID OK" ;;
        "hems arm --who"*)
            holds "every device of the site is armed by its proofs" hides "ONLY WATCHING"
            systemctl start hems-backup.service ;;
    esac
done </in/commands
holds "every command of the installer's manual does what it says" test -z "$refused"
echo "$refused" >>/out/manual
holds "a new card with the copies is armed as before" within 30 hides "ONLY WATCHING"
within 90 shows "GRID OK"
# shellcheck source=tests/booted/outward.sh
. /in/outward.sh
within 90 shows "GRID OK"
act fail_grid
holds "in a power cut the armed site switches off what own power cannot carry" within 20 off
holds "and says so" within 20 shows "POWER CUT"
systemctl --no-block poweroff
