# Sourced by ./fleet-sim, ./test and .ci/run: makes .venv once and installs the project into it.
#
# The caller sets `root` (the checkout) and `me` (its own name, for messages). Only POSIX sh, and of
# the system only coreutils and a Python 3.11 or newer, or uv. Everything said goes to stderr, since
# stdout belongs to the program that is started.
#
# A stamp in .venv holds the checksum of pyproject.toml and the path of the checkout (an editable
# install names it), so that a second start compares two lines and touches no network, and a changed
# pyproject.toml or a moved checkout installs again.

# End with one sentence and the exit code for a wrong environment.
refuse() {
    printf '%s: %s\n' "$me" "$1" >&2
    exit 3
}

# Make the environment hold at least $1: core, test or dev.
ready() {
    key="$(cksum <"$root/pyproject.toml") $root"
    if is_stamped "$1"; then return 0; fi
    # Tried apart: a redirection that fails ends a whole shell that says exec.
    (: >>"$root/.venv.lock") 2>/dev/null || refuse "cannot write to $root, where .venv is made"
    exec 9>"$root/.venv.lock"
    lock
    # Whoever held the lock before us may have installed what we need.
    if ! is_stamped "$1"; then install "$1"; fi
    exec 9>&-
}

# Tell whether the set $1, or a larger one, was installed from this pyproject.toml.
is_stamped() {
    [ -x "$root/.venv/bin/python" ] || return 1
    case "$1" in
    core) sets="core test dev" ;;
    test) sets="test dev" ;;
    *) sets="$1" ;;
    esac
    for set in $sets; do
        if [ "$(cat "$root/.venv/stamp-$set" 2>/dev/null)" = "$key" ]; then return 0; fi
    done
    return 1
}

# Wait until no other start installs. The lock hangs on file descriptor 9, so it goes with us,
# however we end; a system without flock(1) has it from Python, or goes without.
lock() {
    if command -v flock >/dev/null 2>&1; then
        flock 9
    elif command -v python3 >/dev/null 2>&1; then
        python3 -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)' || true
    fi
}

# Install the set $1 into .venv, with uv when it is there and works, else with pip.
install() {
    case "$1" in
    core) what="." ;;
    *) what=".[$1]" ;;
    esac
    printf '%s: installing into %s, once (well under a minute) …\n' "$me" "$root/.venv" >&2
    rm -f "$root/.venv/stamp-"*
    if ! install_with_uv && ! install_with_pip; then
        refuse "the installation failed; the lines above say why (is the package index reachable?)"
    fi
    printf '%s\n' "$key" >"$root/.venv/stamp-$1"
}

install_with_uv() {
    command -v uv >/dev/null 2>&1 || return 1
    if ! works "$root/.venv/bin/python"; then
        rm -rf "$root/.venv"
        uv venv --quiet --python '>=3.11' "$root/.venv" >&2 || return 1
    fi
    (cd "$root" && uv pip install --quiet --python .venv/bin/python --editable "$what") >&2
}

install_with_pip() {
    # A venv made by uv has no pip, one cut short may have none, and one whose system Python was
    # replaced no longer starts: each is made anew.
    if ! works "$root/.venv/bin/python" || ! has_module "$root/.venv/bin/python" pip; then
        find_python
        rm -rf "$root/.venv"
        "$python" -m venv "$root/.venv" >&2 || return 1
    fi
    # Twice quiet: warnings of a machine's own pip settings are no news of ours, errors still show.
    (cd "$root" && .venv/bin/python -m pip install -qq --no-input --no-user \
        --disable-pip-version-check --editable "$what") >&2
}

# Set `python` to one that is new enough and can make a venv.
find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if works "$python"; then
            has_module "$python" venv && has_module "$python" ensurepip && return 0
            refuse "$python cannot make a virtual environment; run: apt-get install ${python}-venv"
        fi
    done
    found="$(python3 -c 'import platform; print(platform.python_version())' 2>/dev/null)" || found=""
    [ -z "$found" ] || refuse "python3 is $found; Python 3.11 or newer is needed (or install uv)"
    refuse "there is no python3; run: apt-get install python3 python3-venv"
}

# Tell whether $1 starts and is Python 3.11 or newer.
works() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

has_module() { "$1" -c "import $2" >/dev/null 2>&1; }
