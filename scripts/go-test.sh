#!/usr/bin/env bash
# Format, vet and tests of the lab's own Go programs: the stand-ins, and the tools in the nodes' images.
set -eu -o pipefail
cd "$(dirname "$0")/../lab"
export CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local GOWORK=off
modules=(standin/kube standin/rancher/server standin/cert-manager/server bundle/images/tools)

unformatted=$(gofmt -l "${modules[@]}")
[ -z "$unformatted" ] || { echo "not as gofmt writes it: $unformatted (gofmt -w lab/...)" >&2; exit 1; }
for module in "${modules[@]}"; do
  echo "lab/$module"
  go -C "$module" vet ./...
  go -C "$module" test ./...
done
