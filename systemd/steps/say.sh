# shellcheck shell=bash
# How the steps of an installation are told and done.

die() {
    printf 'hems: %s\n' "$*" >&2
    exit 1
}

have() { echo "have  $*"; }

# WHAT COMMAND..: says what is done and does it, or only says so in a dry run.
step() {
    local what=$1
    shift
    CHANGED=yes
    if [ "$DRY" = yes ]; then
        echo "would $what"
        return 0
    fi
    echo "do    $what"
    "$@"
}

quietly() { "$@" >"$WORK/words" 2>&1; }

last_words() { grep -v '^ *$' "$WORK/words" | tail -n 1; }
