#!/usr/bin/env bash
# Makes a bare Debian or Ubuntu machine ready for the other targets; does nothing where it is ready; with `tests` or `browser`, what only these need too.
set -eu -o pipefail
cd "$(dirname "$0")/.."

declare -A packages=(
  [git]=git [node]=nodejs [npm]=npm [ssh]=openssh-client [openssl]=openssl [curl]=curl [python3]=python3
  [xz]=xz-utils [unshare]=util-linux [ip]=iproute2
)
# Only the tests need an SSH server, and installing one starts it.
[ "${1-}" != tests ] || packages[sshd]=openssh-server
[ "${1-}" != browser ] || packages[chromium]=chromium
PATH=$PATH:/usr/sbin:/sbin
missing=()
for command in "${!packages[@]}"; do
  command -v "$command" >/dev/null || missing+=("${packages[$command]}")
done
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ "${#missing[@]}" -gt 0 ]; then
  echo "installing ${missing[*]}"
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

scripts/go.sh

# engine-strict would refuse the system's older node before the project's own is there.
if [ ! -x node_modules/node/bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  # npm ci would refuse the lock: it lacks packages of other platforms that could not be had where it was written.
  npm install --no-save --ignore-scripts --engine-strict=false --no-audit --no-fund
  npm rebuild node --ignore-scripts=false --engine-strict=false
fi
node_modules/node/bin/node -e 'if (Number(process.versions.node.split(".")[0]) < 24) process.exit(1)'
