# shellcheck shell=bash
# Sourced by the scripts beside it with the group of packages they need: enters the checkout and sees that the packages
# are there. Under sudo the rest runs as the user who called, so that build/ does not come to belong to root.
set -euo pipefail
umask 022  # the agent refuses plugins that others may write

script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup "$1"
shift

owner=$(stat -c %u .)
if ((EUID == 0 && owner != 0)) && [ "${SUDO_UID:-0}" = "$owner" ]; then
  home=$(getent passwd "$owner" | cut -d: -f6)
  exec setpriv --reuid "$owner" --regid "$SUDO_GID" --init-groups env -u SUDO_UID HOME="$home" "$script" "$@"
fi
mkdir -p build 2>/dev/null || true
[ -w build ] || {
  printf '%s\n' "$PWD/build can not be written by $(id -un): it belongs to $(stat -c %U build 2>/dev/null || stat -c %U .)" \
    'remove it, or run this as that user' >&2
  exit 1
}

# build PRESET TESTS [TARGET...]: configures and builds, with the tests (ON) or without (OFF); silent but for progress on a
# terminal and errors.
build() {
  local preset=$1 tests=$2 log=build/$1.log quiet=() targets=()
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1  # one clone compiles for the next
  shift 2
  [ -t 1 ] || quiet=(-- --quiet)
  (($#)) && targets=(--target "$@")
  if ! cmake --preset "$preset" -DSTOKER_TESTS="$tests" >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  cmake --build --preset "$preset" "${targets[@]}" "${quiet[@]}"
}
