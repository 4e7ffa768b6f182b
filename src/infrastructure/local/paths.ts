/** Where things are inside a machine of the stack. What is below /var outlives its container. */
export const PATHS = {
  /** On the balancer, root only: the stack's SSH key, made with it. */
  key: '/var/lib/rancher-ha/ssh/id',
  publicKey: '/var/lib/rancher-ha/ssh/id.pub',
  /** On the balancer: what is remembered outside the nodes. */
  memory: '/var/lib/rancher-ha/memory.json',
  haproxy: '/etc/haproxy/haproxy.cfg',
  hostKey: '/etc/ssh/ssh_host_ed25519_key.pub',
  authorizedKeys: '/home/rancher/.ssh/authorized_keys',
} as const
