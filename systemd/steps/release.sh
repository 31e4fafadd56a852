# shellcheck shell=bash
# A release beside the one in use: from a bundle, from what is installed, or from this checkout.

# Where the release comes from: a bundle, what is installed already, or this checkout.
open_source() {
    local offered
    if [ -n "$BUNDLE" ]; then
        [ -f "$BUNDLE" ] || die "there is no bundle $BUNDLE."
        tar -xf "$BUNDLE" -C "$WORK" 2>/dev/null || die "$BUNDLE is not a bundle, or not a whole one; copy it again."
        [ -f "$WORK/bundle.sha256" ] || die "$BUNDLE is not a bundle of hems."
        (cd "$WORK" && sha256sum --quiet -c bundle.sha256 >/dev/null 2>&1) ||
            die "$BUNDLE is damaged: what is in it is not what its list says; copy it again."
        SOURCE=$WORK
        offered=$(cat "$WORK/VERSION")
    else
        SOURCE=$HERE
        # in an unpacked bundle there is no such file
        offered=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$HERE/pyproject.toml" 2>/dev/null | head -n 1) || true
        [ -n "$offered" ] || offered=$(cat "$HERE/VERSION" 2>/dev/null) || die "this is neither a checkout nor a bundle of hems."
    fi
    VERSION=${VERSION:-$offered}
    case $VERSION in "" | *[!A-Za-z0-9._+-]* | .*) die "--version $VERSION is no version; write it as in 0.1.0." ;; esac
    if [ "$VERSION" != "$offered" ] && ! is_whole "$VERSION"; then
        die "version $VERSION is neither installed nor offered here, which is $offered; give its bundle with --bundle."
    fi
}

is_whole() { [ -f "$HOME_DIR/releases/$1/whole" ]; }

# The version a link names; nothing if there is none.
release_of() {
    local target
    target=$(readlink "$HOME_DIR/$1" 2>/dev/null) || return 0
    [ ! -d "$HOME_DIR/$target" ] || basename "$target"
}

make_release() {
    if is_whole "$VERSION"; then
        have "release $VERSION in $HOME_DIR/releases"
        return
    fi
    find_python
    check_room "$HOME_DIR"
    step "install release $VERSION into $HOME_DIR/releases/$VERSION, with Python $PYTHON_VERSION" fill_release
}

fill_release() {
    local release=$HOME_DIR/releases/$VERSION log=$WORK/pip.log
    local -a from=()
    [ ! -d "$SOURCE/wheels" ] || from=(--no-index --find-links "$SOURCE/wheels")
    rm -rf "$release"
    mkdir -p "$release"
    "$PYTHON" -m venv "$release/venv" >"$log" 2>&1 ||
        give_up "$PYTHON could not make a virtual environment: $(tail -n 1 "$log")"
    local pip=("$release/venv/bin/python" -m pip --disable-pip-version-check install --quiet)
    if [ -s "$SOURCE/requirements.lock" ]; then
        "${pip[@]}" --require-hashes --only-binary :all: "${from[@]}" -r "$SOURCE/requirements.lock" >"$log" 2>&1 || give_up "$(blame_pip "$log")"
    fi
    if [ -d "$SOURCE/wheels" ]; then
        "${pip[@]}" --no-index --no-deps "$SOURCE"/wheels/hems-*.whl >"$log" 2>&1 || give_up "$(blame_pip "$log")"
    else
        mkdir "$WORK/checkout"
        cp -r "$HERE"/{pyproject.toml,README.md,LICENSE,hems,drivers,hil} "$WORK/checkout/"
        "${pip[@]}" --no-index --no-deps --no-build-isolation "$WORK/checkout" >"$log" 2>&1 || give_up "$(blame_pip "$log")"
    fi
    "$release/venv/bin/python" -m compileall -q "$release/venv/lib" >/dev/null 2>&1 || true
    # Scripts name their interpreter by the path they were made at; with --root that is not the path they will run at.
    [ -z "$ROOT" ] || grep -rIl --null "$ROOT$PREFIX" "$release/venv/bin" "$release/venv/pyvenv.cfg" | xargs -0 -r sed -i "s|$ROOT$PREFIX|$PREFIX|g" || true
    sync "$release" 2>/dev/null || sync
    echo "$VERSION" >"$release/whole.new"
    mv "$release/whole.new" "$release/whole"
}

give_up() {
    rm -rf "$HOME_DIR/releases/$VERSION"
    die "$1"
}

blame_pip() {
    if grep -qi 'no space left' "$1"; then
        echo "the disk filled up during the installation; make room and run this again"
    elif grep -qi 'do not match the hashes' "$1"; then
        echo "a package is not the one the lock names, so it was refused: $(grep -m 1 -oE '[^ ]+\.whl|[a-zA-Z0-9_.-]+==[0-9.]+' "$1" || true)"
    elif grep -qiE 'connection|resolution|proxy|timed out|certificate|newconnection|could not find a version|no matching distribution' "$1"; then
        echo "the packages could not be had; check the network, or use a bundle that was made for this Python and machine (--bundle)"
    else
        echo "the packages could not be installed: $(grep -v '^ *$' "$1" | tail -n 1)"
    fi
}
