#!/usr/bin/env bash
# Makes .venv and node_modules what requirements*.txt and package-lock.json say, and does nothing where they already are.
# The tests of the pages need a Chromium beside them: where this may install packages of the system, it does.
# Says what it does on standard error, one line a step, because some commands' standard output is their result.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python3.13}

wanted_python() { cat .python-version requirements.txt requirements-dev.txt requirements-checkov.txt; }
wanted_node() { cat package-lock.json; }
have_python() { wanted_python | cmp -s - .venv/made-from; }
have_node() { wanted_node | cmp -s - node_modules/made-from; }
lacks_browser() { ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }
say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$@" >&2; exit 1; }

if have_python && have_node && ! lacks_browser; then exit 0; fi

# Two commands started at once in a fresh checkout must not build the same folder: the second one waits.
mkdir -p .local
until (set -o noclobber; echo $$ >.local/setup.lock) 2>/dev/null; do
  # One that was killed outright left its lock behind, and its process id may by now be somebody else's.
  ps -p "$(cat .local/setup.lock 2>/dev/null)" -o args= 2>/dev/null | grep -q setup.sh || rm -f .local/setup.lock
  sleep 0.2
done
logs=$(mktemp -d)
node_job= checkov_job=
trap 'kill $node_job $checkov_job 2>/dev/null || true; rm -rf .local/setup.lock "$logs"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Chained with &&, because `set -e` is off in what stands before `||`.
make_environment() { # folder, requirements
  "$python" -m venv "$1" &&
    "$1/bin/python" -m pip install --disable-pip-version-check --no-input -qq -r "$2" &&
    "$1/bin/python" -m pip check -q --disable-pip-version-check
}

# Checkov has an environment inside the other, so that whoever removes .venv removes both.
make_python() {
  rm -rf .venv && mkdir .venv &&
    { make_environment .venv/checkov requirements-checkov.txt & checkov_job=$!; } &&
    make_environment .venv requirements-dev.txt &&
    wait $checkov_job && checkov_job= &&
    wanted_python >.venv/made-from
}

# No install script runs. Warnings are left out: a database driver that the table service never loads asks for a newer Node.
make_node() {
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error &&
    wanted_node >node_modules/made-from
}

if ! have_node; then
  command -v npm >/dev/null || fail "npm is not there. Azurite, the local stand-in for Azure Tables, needs Node 20 or newer: https://nodejs.org"
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || fail "Node $(node --version) is too old for Azurite: Node 20 or newer is needed."
  say "Azurite and what the pages are tested with, by npm"
  make_node </dev/null >"$logs/node" 2>&1 &
  node_job=$!
fi

if ! have_python; then
  "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || fail \
    "Python 3.13 is needed, and \`$python\` is not one." \
    "With pyenv: pyenv install $(cat .python-version). On macOS: brew install python@3.13." \
    "If it is installed under another name: make setup PYTHON=/path/to/python"
  say ".venv with $("$python" --version) and $(cat requirements*.txt | grep -c ==) packages"
  make_python </dev/null >"$logs/python" 2>&1 || fail "the Python packages could not be installed:" "$(tail -n 20 "$logs/python")"
fi

if lacks_browser; then
  say "Chromium, by apt: the tests of the pages look at them in a browser"
  { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; } </dev/null >"$logs/browser" 2>&1 ||
    say "Chromium could not be installed; tests/browser will fail without it:" "$(tail -n 3 "$logs/browser")"
fi

if [ -n "$node_job" ]; then
  wait "$node_job" || fail "the Node packages could not be installed:" "$(tail -n 20 "$logs/node")"
  node_job=
fi
say "done in ${SECONDS} s"
