import { installInputs } from './inputs.ts'
import { refuses } from './refuse.ts'

const upgrade = (changed: Record<string, string>) =>
  installInputs({ mode: 'upgrade', 'backup-to': 'file:/kept', ...changed })

refuses([
  [
    'an artifact anybody could read',
    upgrade({ 'backup-to': 'artifact' }),
    /backup-recipients: needed with backup-to artifact and mode upgrade/,
  ],
  [
    'a way back nobody knows',
    upgrade({ 'on-failure': 'pray' }),
    /on-failure: expected one of restore, keep, got "pray"/,
  ],
  ['a malformed window', upgrade({ 'restore-window': 'soon' }), /restore-window: .*soon.*mode upgrade/],
  ['a verification nobody knows', upgrade({ 'backup-verify': 'twice' }), /backup-verify: .*one of hash, restore/],
  ['a malformed version', upgrade({ 'rancher-version': 'newest' }), /rancher-version: .*newest.*mode upgrade/],
  ['an even number of nodes', upgrade({ 'node-count': '4' }), /node-count: .*odd/],
  [
    'Kubernetes that rke does not know',
    upgrade({ 'kubernetes-version': '1.33.1' }),
    /kubernetes-version: .*v1\.33\.1 \(mode upgrade\)/,
    'v1.32.6-rancher1-1',
  ],
  [
    'versions that do not go together',
    upgrade({ 'rancher-version': '2.10.3', 'kubernetes-version': '1.32.6' }),
    /kubernetes-version: Rancher 2\.10\.3 runs on Kubernetes 1\.28 to 1\.31/,
  ],
  [
    'a cert-manager that does not fit',
    upgrade({ 'cert-manager-version': '1.21.0', 'kubernetes-version': '1.32.6' }),
    /cert-manager-version: .*does not go with Kubernetes v1\.32\.6/,
  ],
  [
    'an alpha',
    upgrade({ 'rancher-chart': 'alpha', 'rancher-version': '2.11.3' }),
    /rancher-chart: .*alpha.*mode upgrade/,
  ],
  [
    'all of it at once',
    upgrade({ 'on-failure': 'pray', 'restore-window': 'soon', 'rancher-version': 'newest' }),
    /on-failure/,
    /restore-window/,
    /rancher-version/,
  ],
])
