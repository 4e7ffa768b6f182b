#!/usr/bin/env bash
# Workflows, examples and action.yml, judged by actionlint (the lab's, built if need be) and zizmor.
set -eu -o pipefail
cd "$(dirname "$0")/.."
cache=${RANCHER_HA_CACHE:-$HOME/.cache/rancher-ha}
zizmor_version=1.32.0

actionlint=$cache/bin/actionlint
if [ ! -x "$actionlint" ]; then
  command -v go >/dev/null || { echo "actionlint is built with Go: install it from https://go.dev/dl" >&2; exit 1; }
  echo "building actionlint"
  mkdir -p "$cache/bin"
  CGO_ENABLED=0 GOFLAGS=-mod=readonly go -C lab/bundle/modules/act build -trimpath -o "$actionlint" \
    github.com/rhysd/actionlint/cmd/actionlint
fi
"$actionlint" -no-color -shellcheck= -pyflakes= .github/workflows/*.yml examples/*.yml

venv=$cache/zizmor-$zizmor_version
if [ ! -x "$venv/bin/zizmor" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "zizmor==$zizmor_version"
fi
"$venv/bin/zizmor" --offline --no-progress --persona pedantic --config .github/zizmor.yml .github action.yml examples/*.yml
