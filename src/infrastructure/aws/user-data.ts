import type { HostKey } from './host-key.ts'

/** Whom the runner is on every node, whatever the image calls its own user. */
export const NODE_USER = 'rancher'

/** Where things are on a node. */
export const NODE_PATHS = {
  /** There once the machine has done all that its user data says. */
  ready: '/etc/rancher-ha/ready',
  /** What went wrong at boot, for people. */
  log: '/var/log/rancher-ha-boot.log',
  /** Seconds since the epoch at which the machine ends itself. */
  expires: '/etc/rancher-ha/expires',
  boot: '/etc/rancher-ha/boot.sh',
  firstHostKey: '/etc/ssh/ssh_host_ecdsa_key',
  hostKey: '/etc/ssh/ssh_host_ed25519_key',
} as const

/** The last Docker that rke speaks to is 28; 20.10 is the oldest it was tested with. */
const DOCKER_MAJORS = '2[0-8]'

/**
 * Makes the machine what preflight asks for. It installs Docker from the system's own archive, held below 29, unless the
 * image brings one that is old enough; a second run finds nothing to do.
 */
const BOOT = `#!/bin/bash
set -eu -o pipefail
exec >>${NODE_PATHS.log} 2>&1
modprobe -a br_netfilter overlay nf_conntrack || true
sysctl --system >/dev/null
swapoff -a
version() { docker version --format '{{.Server.Version}}' 2>/dev/null; }
if [[ ! "$(version)" =~ ^${DOCKER_MAJORS}\\. ]]; then
  export DEBIAN_FRONTEND=noninteractive
  for try in 1 2 3 4 5; do
    if apt-get update -q && apt-get install -q -y --no-install-recommends docker.io; then break; fi
    [ "$try" -lt 5 ] && sleep 10
  done
  apt-mark hold docker.io
  systemctl enable --now docker
fi
[[ "$(version)" =~ ^${DOCKER_MAJORS}\\. ]] || { echo "Docker is $(version), expected older than 29"; exit 1; }
usermod -aG docker ${NODE_USER}
if [ -s ${NODE_PATHS.expires} ]; then systemctl daemon-reload && systemctl enable --now rancher-ha-expiry.timer; fi
touch ${NODE_PATHS.ready}
`

const PREFERENCES = `Package: docker.io
Pin: version /^${DOCKER_MAJORS}\\./
Pin-Priority: 1001

Package: docker.io
Pin: version *
Pin-Priority: -1
`

/** @see Kubernetes, "Container runtimes": bridged traffic is filtered, packets are forwarded */
const SYSCTL = `net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.ipv4.ip_forward = 1
`

const EXPIRY_SERVICE = `[Unit]
Description=Ends this machine when its stack has expired
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'test "$(date +%%s)" -lt "$(cat ${NODE_PATHS.expires})" || systemctl poweroff'
`

const EXPIRY_TIMER = `[Unit]
Description=Looks every minute whether the stack of this machine has expired
[Timer]
OnActiveSec=1min
OnUnitActiveSec=1min
[Install]
WantedBy=timers.target
`

export type Birth = {
  name: string
  firstHostKey: HostKey
  /** Public halves of the keys that are let in. */
  authorizedKeys: string[]
  expires: Date | undefined
}

/** cloud-init's configuration of a new node. JSON is YAML, so it needs no library. @see cloud-init, "Module reference" */
export function renderUserData({ name, firstHostKey, authorizedKeys, expires }: Birth): string {
  const file = (path: string, content: string, permissions = '0644') => ({ path, content, permissions })
  const files = [
    file(NODE_PATHS.boot, BOOT, '0755'),
    file('/etc/apt/preferences.d/rancher-ha', PREFERENCES),
    file('/etc/sysctl.d/90-rancher-ha.conf', SYSCTL),
    file('/etc/modules-load.d/rancher-ha.conf', 'br_netfilter\noverlay\n'),
    ...(expires === undefined
      ? []
      : [
          file(NODE_PATHS.expires, `${Math.floor(expires.getTime() / 1000)}\n`),
          file('/etc/systemd/system/rancher-ha-expiry.service', EXPIRY_SERVICE),
          file('/etc/systemd/system/rancher-ha-expiry.timer', EXPIRY_TIMER),
        ]),
  ]
  const user = {
    name: NODE_USER,
    shell: '/bin/bash',
    groups: ['docker'],
    sudo: 'ALL=(ALL) NOPASSWD:ALL',
    lock_passwd: true,
    ssh_authorized_keys: authorizedKeys,
  }
  const config = {
    hostname: name,
    preserve_hostname: false,
    groups: ['docker'],
    users: [user],
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: { ecdsa_private: firstHostKey.privateKey, ecdsa_public: firstHostKey.publicKey },
    write_files: files,
    runcmd: [[NODE_PATHS.boot]],
  }
  return `#cloud-config\n${JSON.stringify(config, undefined, 1)}\n`
}
