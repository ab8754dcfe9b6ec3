#!/usr/bin/env bash
# install.sh FROM TO [FILE...]: copies a client of examples/clients and those files to TO, and there installs what its lock
# file pins, once. Prints the path of node. Ends with 77, and says why on one line, where that can not be had.
set -euo pipefail

from=$1 to=$2
absent() {
  echo "$*"
  exit 77
}

node=$(command -v node) && command -v npm >/dev/null || absent 'node and npm are not installed: these clients need Node 20'
version=$("$node" -p 'process.versions.node.split(".")[0]')
((version >= 20)) || absent "Node $version is too old: these clients need 20"

mkdir -p "$to"
exec 9>"$to/.lock"
flock 9
# Renamed into place: another test may be reading them.
for file in "$from"/* "${@:3}"; do
  name=${file##*/}
  if [ -f "$file" ] && ! cmp -s "$file" "$to/$name"; then
    cp "$file" "$to/.new"
    mv "$to/.new" "$to/$name"
  fi
done

if ! cmp -s "$to/package-lock.json" "$to/node_modules/.installed"; then
  if ! npm --prefix "$to" ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000 \
    >"$to/npm.log" 2>&1 9>&-; then
    grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED' "$to/npm.log" &&
      absent "npm's registry can not be reached ($to/npm.log)"
    cat "$to/npm.log" >&2
    exit 1
  fi
  cp "$to/package-lock.json" "$to/node_modules/.installed"
fi
echo "$node"
