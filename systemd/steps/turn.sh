# shellcheck shell=bash
# Turning the link to a release: tried out first, seen to run after, and turned back where it does not.

run_release() {  # RELEASE-DIRECTORY ARGUMENT..: its own command, wherever the root lies
    local release=$1
    shift
    PYTHONDONTWRITEBYTECODE=1 "$release/venv/bin/python" "$release/venv/bin/hems" "$@"
}

try_out() {  # RELEASE-DIRECTORY
    if [ "$DRY" = yes ]; then
        echo "would try it on copies of site file and records"
        return
    fi
    local said
    if ! said=$(run_release "$1" selftest --site "$ETC/site.toml" --state-dir "$STATE" 2>&1); then
        die "the new release does not pass its test on copies, and nothing was switched over: ${said##*$'\n'}"
    fi
    echo "do    ${said##*$'\n'}"
}

# A turn is a restart: not in an outage, nor while somebody keeps something by hand, unless forced.
may_interrupt() {
    local said current=$HOME_DIR/current
    if [ "$START" = no ] || [ "$FORCE" = yes ] || [ -z "$(release_of current)" ]; then return 0; fi
    if [ "$DRY" = yes ]; then
        echo "would ask the running HEMS whether it may be interrupted"
        return
    fi
    if said=$(run_release "$current" selftest --now --run-dir "$ROOT/run/hems" 2>&1); then return; fi
    die "not now: ${said##*$'\n'} To do it all the same: --force"
}

# Records are only ever carried forward: before the turn a copy is set aside, for the way back.
keep_records() {
    local aside=$STATE/before-$VERSION.db
    if [ ! -f "$STATE/state.db" ] || [ -f "$aside" ]; then return 0; fi
    step "set a copy of the records aside in $aside" copy_records "$STATE/state.db" "$aside"
}

copy_records() {
    "$HOME_DIR/releases/$VERSION/venv/bin/python" - "$1" "$2.new" <<'PYTHON' || die "$1 could not be copied; nothing was switched over."
import contextlib, os, sqlite3, sys
source, target = sys.argv[1:]
if os.path.exists(target):
    os.unlink(target)
with contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as records:
    records.execute("VACUUM INTO ?", (target,))
PYTHON
    chown --reference="$1" "$2.new"
    mv "$2.new" "$2"
}

turn_to() {  # VERSION OLD
    step "turn $HOME_DIR/current to release $1" turn "$1" "$2"
}

turn() {
    if [ -n "$2" ] && [ "$2" != "$1" ]; then link_to "releases/$2" "$HOME_DIR/previous"; fi
    link_to "releases/$1" "$HOME_DIR/current"
}

start_and_watch() {  # VERSION OLD
    if [ "$START" = no ]; then
        echo "have  not started: ${WHY_NOT_STARTED:-as asked}"
        return
    fi
    if [ ! -f "$ETC/site.toml" ]; then
        echo "have  no $ETC/site.toml yet: write one (examples in $ROOT/usr/share/doc/hems), then: systemctl start hems"
        return
    fi
    step "start it, and see it run for $HEALTHY_S s" watch_start || {
        [ -n "$2" ] || die "release $1 does not run: $(why_not) It stays installed; journalctl -u hems says more."
        echo "do    turn back to release $2, because $(why_not)"
        turn "$2" ""
        restore_records "$2"
        quietly "${SYSTEMCTL[@]}" restart hems.service || die "release $1 does not run, nor does $2 any more; journalctl -u hems says why."
        die "release $1 did not prove itself and $2 runs again; journalctl -u hems says why."
    }
    # What leads out and runs already takes the new release as well.
    [ "$DRY" = yes ] || quietly "${SYSTEMCTL[@]}" try-restart "${OUTWARD[@]}" || true
}

# In an outage the daemon passes a restart over; forced, it is asked by name to end and leave every device as it is commanded.
hold() {
    local running
    running=$(release_of previous)
    if [ "$FORCE" != yes ] || [ -z "$running" ]; then return 0; fi
    run_release "$HOME_DIR/releases/$running" stop --hold --force --who install.sh --run-dir "$ROOT/run/hems" >/dev/null 2>&1 || true
}

# Ready in time, then the same process without a restart, and answering.
watch_start() {
    local before now left=$HEALTHY_S
    quietly "${SYSTEMCTL[@]}" start "${DOORS[@]}" || { WHY="its doors could not be opened."; return 1; }
    hold
    quietly timeout "$READY_S" "${SYSTEMCTL[@]}" restart hems.service || { WHY="it did not get ready."; return 1; }
    before=$("${SYSTEMCTL[@]}" show -p NRestarts,MainPID hems.service)
    while [ "$left" -gt 0 ]; do
        sleep 1
        left=$((left - 1))
        now=$("${SYSTEMCTL[@]}" show -p NRestarts,MainPID hems.service)
        [ "$now" = "$before" ] || { WHY="it ended and was started again after $((HEALTHY_S - left)) s."; return 1; }
        "${SYSTEMCTL[@]}" is-active --quiet hems.service || { WHY="it ended after $((HEALTHY_S - left)) s."; return 1; }
    done
}

why_not() { echo "${WHY:-it did not start.}"; }

# What a newer release has made of the records an older one may not understand: then the copy from before is put back.
restore_records() {  # OLD
    local aside
    if run_release "$HOME_DIR/releases/$1" selftest --site "$ETC/site.toml" --state-dir "$STATE" >/dev/null 2>&1; then return 0; fi
    for aside in "$STATE"/before-*.db; do
        [ -f "$aside" ] || continue
        "${SYSTEMCTL[@]}" stop hems.service 2>/dev/null || true
        mv "$STATE/state.db" "$STATE/state.newer.db"
        rm -f "$STATE"/state.db-wal "$STATE"/state.db-shm
        cp -p "$aside" "$STATE/state.db"
        echo "do    put the records from before back; the newer ones are kept as state.newer.db"
        return
    done
}

# The last two stay.
drop_old() {
    local name current previous
    current=$(release_of current)
    previous=$(release_of previous)
    for name in "$HOME_DIR"/releases/*/; do
        name=$(basename "$name")
        if [ "$name" != "$current" ] && [ "$name" != "$previous" ] && [ "$name" != "*" ]; then
            step "remove release $name" rm -rf "${HOME_DIR:?}/releases/$name"
            rm -f "$STATE/before-$name.db"
        fi
    done
}
