import { docker } from '../host/docker.ts'
import { containerOf, type StackMachine } from './machines.ts'
import type { Fault } from './network.ts'

/**
 * On a machine the kubelet of one minor of Kubernetes ("1.32") ends as soon as it is started, by the entry point of
 * rke-tools through which rke starts it; that of another minor is not touched.
 */
export async function refuseKubelet(machine: StackMachine, minor: string): Promise<Fault> {
  const inside = (script: string) => docker(['exec', containerOf(machine), 'bash', '-euc', script, 'bash', minor])
  await inside(`${ENTRY}
cp -n "$entry" "$entry.kept"
cat >"$entry" <<E
#!/bin/bash
if [ "\\$1" = kubelet ] && kubelet --version | grep -q " v$1\\\\."; then echo "the fault asked for: no kubelet"; exit 1; fi
exec /opt/rke-tools/entrypoint.sh.kept "\\$@"
E`)
  return {
    async [Symbol.asyncDispose]() {
      await inside(`${ENTRY}\n[ ! -e "$entry.kept" ] || mv "$entry.kept" "$entry"`)
    },
  }
}

/** Where the volume lies that rke's sidekick container gives to all others. */
const ENTRY = `volume='{{range .Mounts}}{{if eq .Destination "/opt/rke-tools"}}{{.Source}}{{end}}{{end}}'
entry=$(docker inspect --format "$volume" service-sidekick)/entrypoint.sh`
