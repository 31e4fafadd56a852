# shellcheck shell=bash
# The system's files, users and units: each is looked at, and changed only where it is not as it should be.

# SOURCE TARGET MODE: there with this content and mode, replaced in one step otherwise.
put() {
    if cmp -s "$1" "$2" && [ "$(stat -c %a "$2")" = "$3" ]; then
        have "$2"
        return
    fi
    step "write $2" replace "$@"
    FILES_CHANGED=yes
}

replace() {
    install -D -m "$3" "$1" "$2.new"
    mv "$2.new" "$2"
}

put_files() {
    local name
    FILES_CHANGED=no
    mkdir -p "$WORK/units"
    for name in "${UNITS[@]}"; do
        sed "s|/opt/hems/current|$PREFIX/current|g" "$SOURCE/systemd/$name" >"$WORK/units/$name"
        put "$WORK/units/$name" "$UNIT_DIR/$name" 644
    done
    put "$SOURCE/systemd/hems.sysusers" "$ROOT/usr/lib/sysusers.d/hems.conf" 644
    put "$SOURCE/systemd/hems.tmpfiles" "$ROOT/usr/lib/tmpfiles.d/hems.conf" 644
    for name in systemd/README.md systemd/99-hems-serial.rules.example \
        examples/{apartments,garage,hall,home}.toml examples/northbound/northbound.toml; do
        put "$SOURCE/$name" "$ROOT/usr/share/doc/hems/${name##*/}" 644
    done
}

make_users() {
    local -a root=()
    [ -z "$ROOT" ] || root=("--root=$ROOT")
    if grep -q '^hems:' "$ROOT/etc/passwd" 2>/dev/null && grep -q '^hems-admin:' "$ROOT/etc/group"; then
        have "user hems and the groups of its doors"
    else
        step "make user hems and the groups of its doors" quietly systemd-sysusers "${root[@]}" "$ROOT/usr/lib/sysusers.d/hems.conf" ||
            die "the user hems could not be made: $(last_words)"
    fi
    if [ -d "$ETC/credentials" ] && { [ -d "$ROOT/run/hems" ] || [ -n "$ROOT" ]; }; then
        have "$ETC and $ROOT/run/hems"
    else
        step "make $ETC and $ROOT/run/hems" quietly systemd-tmpfiles "${root[@]}" --create hems.conf ||
            die "the directories of hems could not be made: $(last_words)"
    fi
}

link_command() {
    local target=$PREFIX/current/venv/bin/hems name=$ROOT/usr/local/bin/hems
    if [ "$(readlink "$name" 2>/dev/null)" = "$target" ]; then
        have "command hems"
    elif [ -e "$name" ] && [ ! -L "$name" ]; then
        die "$name is there and not ours; move it away and run this again."
    else
        step "link the command hems" link_to "$target" "$name"
    fi
}

link_to() {  # TARGET NAME: in one step, so that there is no moment without
    mkdir -p "$(dirname "$2")"
    ln -sfn "$1" "$2.new"
    mv -T "$2.new" "$2"
}

enable_units() {
    local name
    if [ -z "$ROOT" ] && [ -d /run/systemd/system ] && [ "${FILES_CHANGED:-no}" = yes ]; then step "tell systemd of the units" "${SYSTEMCTL[@]}" daemon-reload; fi
    for name in "${ENABLED[@]}"; do
        if "${SYSTEMCTL[@]}" is-enabled --quiet "$name" 2>/dev/null; then
            have "$name enabled"
        else
            step "enable $name" quietly "${SYSTEMCTL[@]}" --quiet enable "$name" || die "$name could not be enabled: $(last_words)"
        fi
    done
    [ "$START" = yes ] || return 0
    for name in "${WAITING[@]}"; do
        "${SYSTEMCTL[@]}" is-active --quiet "$name" || step "start $name" quietly "${SYSTEMCTL[@]}" start "$name" || die "$name could not be started: $(last_words)"
    done
}

remove() {
    if [ -e "$1" ] || [ -L "$1" ]; then step "remove $1" rm -rf "$1"; fi
}
