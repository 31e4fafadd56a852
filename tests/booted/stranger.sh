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

refuses() { ! "$@"; }

cp -r /in/whole /srv/hems && cd /srv/hems || exit
# the example as it stands, with the waits that protect a real grid and real compressors cut short
{ echo 'times = "short"'; sed '/^times = /d; s/^min_off_s = 300/min_off_s = 5/' examples/home.toml; } >site.toml
sed 's/^service_a = .*/service_a = 40/' site.toml >new.toml
export HEMS_HEALTHY_S=5 SYSTEMD_EDITOR=/in/editor.sh
if [ -S /out/mirror ]; then
    python3 /in/mirror.py /out/mirror &
    echo 'Acquire::http::Proxy "http://127.0.0.1:3142";' >/etc/apt/apt.conf.d/99mirror
    dpkg --purge --force-depends python3-venv python3.11-venv  # as on a bare Raspberry Pi
    sleep 1
fi
refused=""
while read -r line; do
    limit=120 answers=/dev/null
    case $line in
        apt-get*) [ -S /out/mirror ] || continue ; answers=/in/yes ;;
        "systemctl edit "*) line="script -qec '$line' /dev/null" ;; # it wants a terminal
        *--watch*) limit=8 ;;
        *commission*--who*) limit=900 answers=/in/yes ;;
        "hems person reset "*) answers=/in/passphrase ;;
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
        "apt-get install mosquitto") holds "packages are installed as the manual says" test -x /usr/sbin/mosquitto -a -e /usr/share/doc/python3-venv ;;
        "script"*) holds "a clock with a battery is told of" sh -c 'systemctl cat hems | grep -q -- --trust-clock' ;;
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
        "hems person reset "*) # the others of the manual's commands are a caretaker's, whom nobody asks for a PIN
            holds "root gives an engineer a new passphrase" env HEMS_PIN="$(cat /in/passphrase)" hems person remove Kim --who Kim ;;
    esac
done </in/commands
[ -S /out/mirror ] || skipped "packages are installed as the manual says" "no mirror can be reached"
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
$release -c "
import asyncio, pathlib
from hil.emulate.remote import Remote
async def watch():
    async with Remote(pathlib.Path('/run/house/plant.sock')) as house:
        before = await house.wait_for(lambda now: now['bus_live'], within_s=60)
        served = {name for name, one in before['circuits'].items() if one['closed']}
        while not pathlib.Path('/tmp/enough').exists():
            now = await house.status()
            off = sorted(name for name in served if not now['circuits'][name]['closed'])
            if off or not now['bus_live']:
                pathlib.Path('/out/dark').write_text(f'{now[\"bus_live\"]} {off}')
            await asyncio.sleep(0.1)
    pathlib.Path('/tmp/watched').touch()
asyncio.run(watch())" &
sleep 10
holds "in a power cut nothing is updated" refuses ./install.sh --bundle /in/bad.tar
./install.sh --bundle /in/bad.tar --force >/out/forced 2>&1
holds "unless it is forced, and then it is turned back where it does not run" grep -q "runs again" /out/forced
within 60 shows "POWER CUT"
touch /tmp/enough
holds "and every device is held meanwhile" within 10 test -e /tmp/watched -a ! -e /out/dark
systemctl --no-block poweroff
