#!/usr/bin/env bash
# Makes the Python environment of the stand-in for AWS; does nothing where it is there.
set -eu -o pipefail
cd "$(dirname "$0")/.."
venv=${RANCHER_HA_CLOUD:-.out/cloud}
wanted=lab/cloud/requirements.txt
if cmp -s "$wanted" "$venv/requirements.txt"; then exit 0; fi
echo "making the stand-in for AWS in $venv"
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" "$venv/requirements.txt"
