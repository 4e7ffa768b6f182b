import { createHash } from 'node:crypto'

/**
 * What an image for machines must bring, whoever made it (input `local-image`):
 *
 * - systemd as its command, which ends at SIGRTMIN+3; on first boot sshd makes an ed25519 host key;
 * - user `rancher` with home /home/rancher, in group docker, sudo without a password;
 * - Docker before 29 (the last that rke speaks to), ssh-keygen, base64;
 * - haproxy with a unit that can be reloaded, not enabled: only the balancer runs it; bash to ask it;
 * - all of its data below /var, which becomes a volume.
 */
export const MACHINE_USER = 'rancher'

/**
 * The image of the machines when none is given: Debian 12, whose docker.io is 20.10. It is built by the Docker daemon
 * from a public base image and Debian's mirrors. Not exercised where neither can be reached: there `local-image` names
 * an image made another way, and this text is only read.
 */
export const DOCKERFILE = `FROM debian:bookworm-slim
RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\
    systemd systemd-sysv dbus openssh-server openssh-client sudo iproute2 iptables conntrack kmod procps \\
    ca-certificates curl docker.io haproxy \\
 && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \\
 && : >/etc/machine-id
RUN useradd --create-home --groups docker --shell /bin/bash --password '*' ${MACHINE_USER} \\
 && echo '${MACHINE_USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${MACHINE_USER} \\
 && printf '%s\\n' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'UsePAM no' 'UseDNS no' 'PasswordAuthentication no' 'MaxStartups 500' 'MaxSessions 500' >/etc/ssh/sshd_config.d/machine.conf \\
 && mkdir -p /etc/systemd/system/ssh.service.d \\
 && printf '%s\\n' '[Service]' 'ExecStartPre=' 'ExecStartPre=/bin/sh -c "test -s /etc/ssh/ssh_host_ed25519_key.pub || ssh-keygen -q -t ed25519 -N \\"\\" -f /etc/ssh/ssh_host_ed25519_key"' 'ExecStartPre=/usr/sbin/sshd -t' >/etc/systemd/system/ssh.service.d/keys.conf \\
 && printf '%s\\n' '[Unit]' 'Before=containerd.service docker.service' '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' \\
    'ExecStart=/usr/bin/mount --make-rshared /' '[Install]' 'WantedBy=multi-user.target' >/etc/systemd/system/shared-mounts.service \\
 && systemctl enable shared-mounts.service ssh.service docker.service containerd.service \\
 && systemctl disable haproxy.service \\
 && systemctl mask getty.target console-getty.service systemd-logind.service systemd-udevd.service \\
    apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer
STOPSIGNAL SIGRTMIN+3
CMD ["/sbin/init"]
`

/** The tag of the built image: another text is another image. */
export const BUILT_IMAGE = `rancher-ha-machine:${createHash('sha256').update(DOCKERFILE).digest('hex').slice(0, 12)}`

/** What marks the built image; it outlives the stacks, which share it. */
export const IMAGE_LABELS = { 'rancher-ha/image': 'machine' }
