#!/usr/bin/env bash
# Sets hems up in this checkout and starts it, or installs it as a service of the system: see `./install.sh --help`.
#
# The service is the business of systemd/setup.  In this checkout everything goes to .venv beside this file, from requirements.lock, hash by hash; nothing needs root, and a set-up that
# fails leaves the checkout as it was.  pip's own settings (PIP_* variables, pip.conf) apply untouched.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: ./install.sh MODE

In this checkout, without root:
  --demo [SITE]   set up and show a simulated building losing its grid; SITE is apartments (default) or home
  --test [ARG..]  set up with the test tools and run every check and test; ARGs go to pytest
  --make-bundle   make hems-VERSION.tar, from which a machine without a network is installed

As a service of this system, as root:
  (no mode)       install or update: user, units, and the release beside the one in use; the link is turned only after a test
                  on copies, and turned back unless the new release is ready and runs for a minute
  --rollback      go back to the release before
  --uninstall     remove it; records and site file are kept, unless --purge is given as well
  --bundle FILE   install from a bundle    --version X     which release, where it is installed already
  --prefix DIR    in place of /opt/hems    --no-start      do not start it
  --force         also in an outage, or while somebody keeps a circuit by hand; set-points are held, not zeroed
  --root DIR      into a system that is not running, such as a mounted card

  --dry-run       look at everything, say what would be done, change nothing
  -h, --help      this text

Needs Debian 12 or 13, Raspberry Pi OS or alike, 64 bits, Python 3.11 to 3.13 with its venv module, and 500 MB.
USAGE
}

die() {
    printf 'hems: %s\n' "$*" >&2
    exit 1
}

service() {  # PROGRAM ARGUMENT..
    local program
    program=$(dirname "${BASH_SOURCE[0]}")/systemd/$1
    [ -x "$program" ] || die "this copy lacks systemd/$1; take a whole checkout or a bundle."
    shift
    exec "$program" "$@"
}

main() {
    local mode="" dry_run=no word
    local -a rest=()
    for word in "$@"; do
        case $word in
            --make-bundle) service bundle ;;
            --rollback | --uninstall | --purge | --bundle | --version | --prefix | --no-start | --force | --root) service setup "$@" ;;
            --demo | --test | -h | --help) break ;;
        esac
    done
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help) usage; exit 0 ;;
            --dry-run) dry_run=yes ;;
            --demo | --test)
                [ -z "$mode" ] || die "--demo and --test are two runs; choose one."
                mode=${1#--} ;;
            *)
                [ -n "$mode" ] || die "$1 is not known here; ./install.sh --help lists what is."
                rest+=("$1") ;;
        esac
        shift
    done
    if [ "$mode" = demo ]; then
        case ${rest[0]:-apartments} in
            apartments | home | -*) ;;
            *) die "there is no demo site named ${rest[0]}; use apartments or home." ;;
        esac
    elif [ -z "$mode" ]; then
        if [ "$dry_run" = yes ]; then service setup --dry-run; else service setup; fi
    fi

    cd "$(dirname "${BASH_SOURCE[0]}")"
    HERE=$PWD
    [ -d systemd/steps ] || die "this copy lacks systemd/steps; take a whole checkout or a bundle."
    # shellcheck source=systemd/steps/python.sh
    . systemd/steps/python.sh
    unset PYTHONHOME PYTHONPATH  # somebody else's packages must not answer for ours
    LOCK=requirements.lock
    [ "$mode" = demo ] || LOCK=requirements-test.lock

    if [ "$dry_run" = yes ]; then
        explain "$mode"
    else
        set_up "$mode"
        "run_$mode" ${rest[@]+"${rest[@]}"}
    fi
}

# ---------------------------------------------------------------------------------------------------- stamps
# A finished part of .venv carries a stamp: the hash of all it was made from.  An equal stamp means there is nothing to do.

STAMPS=.venv/hems-stamps

key_of() {  # FILE VERSION
    { cat "$1"; printf '%s\n' "$2" "$HERE"; } | sha256sum | cut -c 1-64
}

stamped() {  # NAME KEY
    [ -f "$STAMPS/$1" ] && [ "$(cat "$STAMPS/$1")" = "$2" ]
}

stamp() {  # NAME KEY
    printf '%s\n' "$2" >"$STAMPS/$1.new"
    mv "$STAMPS/$1.new" "$STAMPS/$1"
}

# Version of the Python inside .venv; nothing if it is gone, for instance after an upgrade of the operating system.
venv_version() {
    .venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null || true
}

is_complete() {  # LOCK
    stamped "$1" "$(key_of "$1" "$(venv_version)")"
}

explain() {  # MODE
    if is_complete "$LOCK"; then
        echo "would use the set-up in $HERE/.venv, which is complete"
    else
        find_python
        check_room "$HERE"
        echo "would set up $HERE/.venv with $PYTHON ($PYTHON_VERSION) and $(grep -c '==' "$LOCK") packages of $LOCK"
    fi
    case $1 in
        demo) echo "would start the demo: .venv/bin/hems demo" ;;
        test) echo "would run the linters and the tests; mosquitto $(broker || echo 'would be asked of apt')" ;;
    esac
    echo "nothing has been changed"
}

# ---------------------------------------------------------------------------------------------------- set-up

set_up() {
    [ -w . ] || die "$HERE cannot be written to; make the checkout in a directory of your own."
    exec 9>.venv.lock
    if ! flock -n 9; then
        echo "Another install.sh is at work in this checkout; waiting for it."
        flock 9
    fi
    LOG=$(mktemp -t hems-install-XXXXXX.log) || die "no log could be begun in ${TMPDIR:-the temporary directory}; make room there."
    trap 'give_up $?' EXIT
    trap 'exit 130' INT TERM HUP
    recover
    is_complete requirements.lock || make_venv
    is_complete "$LOCK" || add_packages
    stamped checkout "$(key_of pyproject.toml "")" || link_checkout
    rm -rf .venv.old "$LOG"
    trap - EXIT INT TERM HUP
    exec 9>&-
}

# A run that was killed has no stamp to show: what it left goes, and what it had moved aside comes back.
recover() {
    if [ -d "$STAMPS" ] && ! [ -f "$STAMPS/checkout" ]; then rm -rf .venv; fi
    if [ -e .venv.old ] && ! [ -e .venv ]; then mv .venv.old .venv; fi
    rm -rf .venv.old
}

# On every way out that is not success: no half-made .venv stays behind, and the one that worked before is back.
give_up() {
    if [ -n "${WORKER:-}" ]; then
        kill "$WORKER" 2>/dev/null || true
        wait "$WORKER" 2>/dev/null || true
    fi
    recover
    if [ -n "${OWN:-}" ] && ! [ -e .venv ]; then mv "$OWN" .venv; fi
    [ -s "$LOG" ] || rm -f "$LOG"
    exit "$1"
}

make_venv() {
    find_python
    check_room "$HERE"
    if [ -d "$STAMPS" ]; then
        mv .venv .venv.old
    elif [ -e .venv ]; then
        OWN=.venv.own
        [ -e "$OWN" ] && die "$HERE/.venv was not made by install.sh, and $OWN exists too; move one of them away."
        mv .venv "$OWN"
        echo "Your own .venv is kept as $OWN."
    fi
    mkdir -p "$STAMPS"
    step "Making .venv with $PYTHON ($PYTHON_VERSION)" "$PYTHON" -m venv .venv ||
        die "$PYTHON could not make a virtual environment; its own words are in $LOG"
}

add_packages() {
    check_room "$HERE"
    step "Installing $(grep -c '==' "$LOCK") packages of $LOCK" \
        .venv/bin/python -m pip install --require-hashes --only-binary :all: -r "$LOCK" || die "$(blame_pip)"
    # The test lock holds the product's lock unchanged, so that either serves the demo.
    stamp requirements.lock "$(key_of requirements.lock "$(venv_version)")"
    stamp "$LOCK" "$(key_of "$LOCK" "$(venv_version)")"
}

link_checkout() {
    step "Linking this checkout" \
        .venv/bin/python -m pip install --no-deps --no-build-isolation --no-index -e . ||
        die "this checkout could not be linked into .venv; pip's own words are in $LOG"
    stamp checkout "$(key_of pyproject.toml "")"
}

blame_pip() {
    if grep -qi 'no space left' "$LOG"; then
        echo "the disk filled up during the installation; make room and run this again (pip's own words are in $LOG)"
    elif grep -qi 'do not match the hashes' "$LOG"; then
        echo "a package is not the one the lock names, so it was refused; see which in $LOG"
    elif grep -qiE 'connection|resolution|proxy|timed out|certificate|newconnection|could not find a version' "$LOG"; then
        echo "the packages could not be downloaded; check the network or pip's settings and run this again (pip's own words are in $LOG)"
    else
        echo "the packages could not be installed; pip's own words are in $LOG"
    fi
}

# Runs a command with its words in the log, and shows that it is alive: in place on a terminal, a line each 10 s elsewhere.
step() {  # WHAT COMMAND..
    local what=$1 began=$SECONDS due=10 ended=0
    shift
    echo "$what ..."
    "$@" >"$LOG" 2>&1 </dev/null 9>&- &
    WORKER=$!
    while kill -0 "$WORKER" 2>/dev/null; do
        sleep 0.2
        if [ -t 1 ] && [ -z "${CI:-}" ]; then
            printf '\r  %s s%s ' "$((SECONDS - began))" "$(so_far)"
        elif [ $((SECONDS - began)) -ge "$due" ]; then
            echo "  $((SECONDS - began)) s$(so_far)"
            due=$((due + 10))
        fi
    done
    wait "$WORKER" || ended=$?
    WORKER=""
    if [ -t 1 ] && [ -z "${CI:-}" ]; then printf '\r\033[K'; fi
    [ "$ended" = 0 ] || return "$ended"
    echo "  done in $((SECONDS - began)) s"
}

so_far() {
    local seen
    if seen=$(grep -c '^Collecting' "$LOG"); then printf ', %s packages looked at' "$seen"; fi
}

# ---------------------------------------------------------------------------------------------------- modes

run_demo() {
    exec .venv/bin/hems demo "$@"
}

broker() {
    PATH="$PATH:/usr/sbin" command -v mosquitto
}

# Tools that pip has not: a second broker and a second Modbus implementation to test against, with a compiler for it, and
# a linter for scripts where its wheel does not exist.
run_test() {
    local -a wanted=()
    broker >/dev/null || wanted+=(mosquitto)
    [ -f /usr/include/modbus/modbus.h ] || wanted+=(libmodbus-dev)
    command -v cc >/dev/null || wanted+=(gcc libc6-dev)
    shellcheck_path >/dev/null || wanted+=(shellcheck)
    if [ ${#wanted[@]} -gt 0 ]; then ask_apt "${wanted[@]}"; fi
    broker >/dev/null || echo "mosquitto is not here; the tests use the embedded broker only."
    PATH="$HERE/.venv/bin:$PATH:/usr/sbin" check_all "$@"
}

shellcheck_path() {
    PATH="$HERE/.venv/bin:$PATH" command -v shellcheck
}

ask_apt() {
    local -a apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=30)
    command -v apt-get >/dev/null || return 0
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 0
        apt=(sudo -n "${apt[@]}")
    fi
    echo "Asking apt for $* ..."
    if "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1 </dev/null; then return 0; fi
    "${apt[@]}" update >/dev/null 2>&1 </dev/null || return 0
    "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1 </dev/null || return 0
}

check_all() (
    failed="" ended=0 compiling=""
    if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then  # kept out of the checkout then, and still compiled once for all
        PYTHONPYCACHEPREFIX=$(mktemp -d -t hems-compiled.XXXXXX)
        trap 'rm -rf "$PYTHONPYCACHEPREFIX"' EXIT
        export PYTHONPYCACHEPREFIX PYTHONDONTWRITEBYTECODE=
    fi
    if [ -n "${PYTHONPYCACHEPREFIX:-}" ] || [ ! -d tests/control/__pycache__ ]; then
        # Beside what keeps one processor busy only; else the workers of pytest wait for it.
        pytest --collect-only -qq -p no:cacheprovider >/dev/null 2>&1 &
        compiling=$!
    fi
    check ruff check . || failed+=" 'ruff check'"
    check ruff format --check . || failed+=" 'ruff format --check'"
    check mypy || failed+=" mypy"
    check lint-imports || failed+=" lint-imports"
    if command -v shellcheck >/dev/null; then
        check shellcheck -a install.sh systemd/setup systemd/bundle tests/booted/*.sh .ci/run .ci/lock .ci/check-lock || failed+=" shellcheck"
    else
        echo "-- shellcheck is not here and was left out"
    fi
    if [ -n "$compiling" ]; then wait "$compiling" || :; fi  # pytest tells below what is wrong
    check pytest --numprocesses 4 --dist worksteal "$@" || ended=$?  # most tests wait, so four share two cores well
    if [ -n "$failed" ]; then
        echo "hems: failed before the tests:$failed" >&2
        [ "$ended" != 0 ] || ended=1
    fi
    exit "$ended"
)

check() {
    printf -- '-- %s\n' "$*"
    "$@"
}

main "$@"
