#!/usr/bin/env bash
# Runs one part of the checks that is no jest test and counts it: step.sh NAME COMMAND...
set -eu -o pipefail
name=$1
shift
mkdir -p .out/results
echo "== $name"
if "$@"; then passed=1 failed=0; else passed=0 failed=1; fi
printf '{"numPassedTests":%d,"numFailedTests":%d}\n' "$passed" "$failed" >".out/results/check-$name.json"
exit "$failed"
