import type { Host } from '../../remote/host.ts'

/**
 * Takes off a node what rke and Kubernetes put there: `rke remove` leaves pods running, mounts, packet-filter rules,
 * anonymous volumes and /opt/rke behind. Order matters: the kubelet first, so that no pod is started again.
 * What belongs to others stays: only rke's containers by name, pods by label, chains by the prefix KUBE-.
 */
export async function cleanNode(host: Host): Promise<void> {
  await host.run('sh -s -- clean-node', { sudo: true, input: CLEAN_SCRIPT, deadlineMs: 180_000 })
}

const CLEAN_SCRIPT = `
set -u
if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
  docker rm -fv kubelet kube-proxy >/dev/null 2>&1
  pods=$(docker ps -aq --filter label=io.kubernetes.pod.name)
  [ -z "$pods" ] || docker rm -fv $pods >/dev/null
  ours=$(docker ps -a --format '{{.Names}}' | grep -E '^(etcd|etcd-(fix-perm|rolling-snapshots|snapshot-once|remove-snapshot|restore|download-backup|Serve-backup|checksum-checker|extract-statefile)|kube-(apiserver|controller-manager|scheduler|cleaner)|nginx-proxy|service-sidekick|rke-.*|cert-(deployer|fetcher)|cluster-state-deployer|file-deployer|extract-statefile-configmap|share-mnt)$')
  [ -z "$ours" ] || docker rm -fv $ours >/dev/null
fi
# Pods of a container runtime that serves the kubelet directly.
if command -v ctr >/dev/null && ctr -n k8s.io version >/dev/null 2>&1; then
  for task in $(ctr -n k8s.io tasks ls -q 2>/dev/null); do ctr -n k8s.io tasks kill -s KILL "$task" >/dev/null 2>&1; done
  for task in $(ctr -n k8s.io tasks ls -q 2>/dev/null); do ctr -n k8s.io tasks delete -f "$task" >/dev/null 2>&1; done
  for container in $(ctr -n k8s.io containers ls -q 2>/dev/null); do ctr -n k8s.io containers delete "$container" >/dev/null 2>&1; done
fi
awk '$2 ~ "^/var/lib/kubelet/" || $2 ~ "^/run/netns/cni-" { print $2 }' /proc/mounts | sort -r | while read -r mount; do umount -l "$mount"; done
for family in iptables ip6tables; do
  if command -v $family-save >/dev/null && $family-save 2>/dev/null | grep -q KUBE-; then
    $family-save | grep -v KUBE- | $family-restore
  fi
done
rm -rf /var/lib/etcd /etc/kubernetes /opt/rke /var/lib/rancher/rke /var/lib/rancher/etcd
if [ -d /var/lib/kubelet ]; then find /var/lib/kubelet -xdev -mindepth 1 -delete; fi
rmdir --ignore-fail-on-non-empty /var/lib/kubelet /var/lib/rancher 2>/dev/null
exit 0
`

/** Removes the containers a failed port check left: the next one would use them again as they are. */
export async function clearListeners(host: Host): Promise<void> {
  const script = `names=$(docker ps -a --format '{{.Names}}' | grep -E '^rke-.*port-(listener|checker)$'); [ -z "$names" ] || docker rm -f $names`
  await host.run('sh -s -- clear-listeners', { sudo: true, input: script })
}
