# shellcheck shell=bash
# Is there a Python that hems runs with, and room for it?  Sets PYTHON and PYTHON_VERSION, or ends with one sentence.

FREE_MB=500

# The first Python that will do; or else why the most promising one does not.
find_python() {
    local name found version bits machine venv problem="no python3 was found; install it with: sudo apt install python3 python3-venv"
    local promise=0
    for name in python3 python3.13 python3.12 python3.11; do
        found=$(command -v "$name") || continue
        if ! read -r version bits machine venv < <(describe_python "$found"); then
            blame 1 "$found does not run; repair it with: sudo apt install --reinstall python3 python3-venv"
        elif ! supported "$version"; then
            blame 2 "hems needs Python 3.11, 3.12 or 3.13 and $found is $version; on Debian 12 or 13: sudo apt install python3 python3-venv"
        elif [ "$bits" != 64 ]; then
            blame 3 "hems needs a 64-bit system and $found is a $bits-bit Python; install the 64-bit edition of the operating system."
        elif [ "$machine" != x86_64 ] && [ "$machine" != aarch64 ]; then
            blame 4 "hems runs on x86-64 and 64-bit ARM, and this machine is $machine."
        elif [ "$venv" != venv ]; then
            blame 5 "$found lacks its venv module; install it with: sudo apt install $name-venv"
        else
            PYTHON=$found
            PYTHON_VERSION=$version
            return
        fi
    done
    die "$problem"
}

blame() {  # PROMISE SENTENCE, for find_python
    [ "$1" -gt "$promise" ] || return 0
    promise=$1
    problem=$2
}

# One line: version, bits of a pointer, machine, and whether virtual environments can be made.
describe_python() {
    "$1" -c '
import platform, sys
bits = 64 if sys.maxsize > 2**32 else 32
try:
    import ensurepip, venv
    can = "venv"
except ImportError:
    can = "none"
print("%d.%d" % tuple(sys.version_info[:2]), bits, platform.machine(), can)
' 2>/dev/null </dev/null
}

supported() {
    case $1 in 3.11 | 3.12 | 3.13) ;; *) return 1 ;; esac
}

check_room() {  # DIRECTORY, which need not be there yet
    local free_kb above=$1
    while [ ! -d "$above" ]; do above=$(dirname "$above"); done
    free_kb=$(df -k --output=avail "$above" | tail -n 1 | tr -dc 0-9) || true
    [ "${free_kb:-0}" -ge $((FREE_MB * 1024)) ] ||
        die "hems needs $FREE_MB MB of free disk and $above has $((${free_kb:-0} / 1024)) MB; make room and run this again."
}
