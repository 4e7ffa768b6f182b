import type { Line } from '../recording.ts'
import { plain, type Theme } from './theme.ts'

/** What a recorded run says of the stack it proved. */
export type Stack = { hostname: string; balancer: string; nodes: string[]; version: string }

/** Read from the proof at the end of the run. @throws Error when it does not name them */
export function stackIn(lines: Line[]): Stack {
  const text = lines.map((line) => line.text).join('\n')
  const [, hostname, balancer] = /^yes\s+The host name resolves.*: (\S+) is (\S+)$/m.exec(text) ?? []
  const [, nodes] = /^yes\s+The cluster has an odd number of nodes.*: \d+ nodes: (.+)$/m.exec(text) ?? []
  const [, version] = /^yes\s+Kubernetes is ready.*, (v[\d.]+)$/m.exec(text) ?? []
  if (!hostname || !balancer || !nodes || !version) throw new Error('the recording proves no whole stack')
  return { hostname, balancer, nodes: nodes.split(', '), version }
}

const NODE = { width: 220, height: 250, gap: 24, top: 216 }
const MARGIN = 24

/** The recommended architecture, with the names of the stack that was proved. Pure. */
export function drawArchitecture({ hostname, balancer, nodes, version }: Stack, theme: Theme): string {
  const width = MARGIN * 2 + nodes.length * NODE.width + (nodes.length - 1) * NODE.gap
  const height = NODE.top + NODE.height + 56
  const middle = width / 2
  const parts = [
    label(middle, 34, `https://${hostname}`, theme.accent, 15, 600),
    arrow(middle, 44, middle, 74, theme),
    box(middle - 170, 76, 340, 62, theme),
    label(middle, 102, 'layer 4 load balancer', theme.text, 14, 600),
    label(middle, 123, `${balancer} · TCP 80 and 443, untouched`, theme.faint, 12),
    ...nodes.flatMap((name, index) => {
      const x = MARGIN + index * (NODE.width + NODE.gap)
      return [arrow(middle, 138, x + NODE.width / 2, NODE.top - 2, theme), ...drawNode(name, version, x, theme)]
    }),
    label(middle, height - 20, 'one etcd cluster: any minority of the nodes may be lost', theme.faint, 13),
  ]
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${plain(`A load balancer before ${nodes.length} nodes, each with ingress, Rancher, Kubernetes and etcd`)}" font-family="system-ui, sans-serif">`,
    `<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="${theme.faint}"/></marker></defs>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.paper}" stroke="${theme.frame}"/>`,
    ...parts,
    '</svg>',
  ].join('\n')}\n`
}

function drawNode(name: string, version: string, x: number, theme: Theme): string[] {
  const middle = x + NODE.width / 2
  const layers = [
    ['ingress controller', '80 to 443, ends TLS'],
    ['Rancher replica', 'port 80 of the pod'],
    ['Kubernetes', `control plane ${version}`],
    ['etcd member', 'all data of Rancher'],
  ] as const
  return [
    box(x, NODE.top, NODE.width, NODE.height, theme),
    label(middle, NODE.top + 24, name, theme.text, 14, 600),
    ...layers.flatMap(([title, note], index) => {
      const y = NODE.top + 36 + index * 52
      return [
        `<rect x="${x + 12}" y="${y}" width="${NODE.width - 24}" height="44" rx="6" fill="${theme.paper}" stroke="${theme.frame}"/>`,
        label(middle, y + 19, title, theme.text, 13),
        label(middle, y + 35, note, theme.faint, 11),
      ]
    }),
  ]
}

function box(x: number, y: number, width: number, height: number, theme: Theme): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${theme.box}" stroke="${theme.frame}"/>`
}

function arrow(x1: number, y1: number, x2: number, y2: number, theme: Theme): string {
  return `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${theme.faint}" stroke-width="1.5" fill="none" marker-end="url(#tip)"/>`
}

function label(x: number, y: number, text: string, fill: string, size: number, weight = 400): string {
  return `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}" font-weight="${weight}" text-anchor="middle">${plain(text)}</text>`
}
