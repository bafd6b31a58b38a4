#!/usr/bin/env bash
# Tries the first steps of README.md, as a person with only Node and npm: clones, runs `npm start`, uses it, and stops
# it as Ctrl-C does.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
port=${SMOKE_PORT:-3987}
server=

finish() {
  [ -n "$server" ] && kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null
  rm -rf "$folder"
}
trap finish EXIT

git clone --quiet --no-hardlinks "$root" "$folder/clone"
cd "$folder/clone"

# Uses the machine's own Node, not that of the checkout.
PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v node_modules | paste -sd:)
export PATH
echo "Node of this machine: $(node --version)"

started=$SECONDS
PORT=$port npm start >"$folder/output" 2>&1 &
server=$!
until curl -sf "http://localhost:$port/readyz" >/dev/null; do
  if ! kill -0 "$server" 2>/dev/null || [ $((SECONDS - started)) -gt 300 ]; then
    cat "$folder/output"
    echo 'npm start was not ready.'
    exit 1
  fi
  sleep 0.5
done
echo "npm start was ready after $((SECONDS - started)) s"

"$folder/clone/node_modules/.bin/node" test/smoke/contract.ts "http://localhost:$port"

kill -INT "$server"
status=0
wait "$server" || status=$?
server=
if [ "$status" -ne 0 ] || grep -qE '^ +at .*\(' "$folder/output"; then
  cat "$folder/output"
  echo "npm start ended with status $status, or printed a stack."
  exit 1
fi
echo 'npm start ended quietly on Ctrl-C.'
