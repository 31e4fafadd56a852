# shellcheck shell=bash
# Each unit beside the daemon, started for real; sourced by stranger.sh, where there is a broker and a house to tell of.
release=/opt/hems/current/venv/bin/python
stays() {  # UNIT: runs, and is the same process a while later
    local first
    within 40 systemctl is-active --quiet "$1" || return 1
    sleep 8
    first=$(systemctl show -p NRestarts,SubState --value "$1" | tr '\n' ' ')
    [ "$first" = "0 running " ]
}
numbers() { python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:9464/metrics").read().decode())' | grep -q "^hems_up 1"; }
journalled() { [ "$(journalctl -q --no-pager HEMS_KIND=request -t hems-events -o json | wc -l)" -gt 0 ]; }
page() { python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:8070/").read().decode())' | grep -qi "hems\|textual"; }
discovered() { $release -c "
import asyncio, aiomqtt
async def hear():
    async with aiomqtt.Client('10.0.20.2', 1883) as broker:
        await broker.subscribe('homeassistant/#')
        async with asyncio.timeout(10):
            async for one in broker.messages:
                return
asyncio.run(hear())"; }
posted() { grep -q . /run/house/posted; }
priced() { grep -q . /run/house/asked; }

cat >/etc/hems/northbound.toml <<'FILE'
[metrics]
[webhook.helpdesk]
url = "http://127.0.0.1:8099/alarms"
[home_assistant]
[home_assistant.broker]
host = "10.0.20.2"
tls = false
[prices]
name = "tried out"
[prices.buy]
url = "http://127.0.0.1:8099/prices.json"
rows = "data"
begins = "begins"
ends = "ends"
value = "value"
time = "s"
per = "kWh"
FILE
hems northbound check >/out/northbound 2>&1
outward=(hems-metrics hems-journal hems-ha hems-alarms hems-prices)
systemctl start "${outward[@]}"
for one in "${outward[@]}"; do holds "$one runs under its unit" stays "$one"; done
hems grid lost --who Ana --for 5m --reason "tried out"
hems northbound test >>/out/northbound 2>&1
holds "numbers are served by a user without rights" within 40 numbers
holds "what happens is in the journal with its fields" within 20 journalled
holds "Home Assistant finds the building at the broker" within 20 discovered
holds "a message leaves by its way" within 60 posted
holds "prices are asked for" within 30 priced
hems grid auto --who Ana
if [ -d /in/web ]; then
    $release -m pip install --quiet --no-index --find-links /in/web textual-serve
    systemctl start hems-web
    holds "the screen is a page in a browser of this machine" within 60 page
    holds "hems-web runs under its unit" stays hems-web
fi
# a display on the wall: a terminal that somebody looks at, and nobody types at
$release -c "
import fcntl, os, pty, struct, termios
screen, wall = pty.openpty()
fcntl.ioctl(wall, termios.TIOCSWINSZ, struct.pack('HHHH', 25, 80, 0, 0))
os.symlink(os.ttyname(wall), '/dev/tty9')
with open('/run/house/wall', 'ab', buffering=0) as seen:
    while True:
        seen.write(os.read(screen, 65536))" &
sleep 2
systemctl start hems-wall@tty9
holds "hems-wall@tty9 runs under its unit" stays hems-wall@tty9
systemctl stop hems-wall@tty9 hems-web "${outward[@]}"
