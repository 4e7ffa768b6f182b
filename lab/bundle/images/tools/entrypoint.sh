#!/bin/bash
# Stand-in for rke-tools' entry point: rke starts each component of Kubernetes through it.
exec "$@"
