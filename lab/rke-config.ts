import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { IMAGES, kubernetesImage, VERSIONS } from './versions.ts'

/**
 * What the lab asks of rke beside what the action renders, as the input `rke-config` takes it: images of the bundle,
 * no addon but an ingress controller, and what containers for machines cannot do.
 *
 * @param kubernetes version of the components ("v1.32.6")
 */
export function rkeConfig(kubernetes: string = VERSIONS.kubernetes): string {
  const config = {
    network: { plugin: 'none' },
    dns: { provider: 'none' },
    ingress: { provider: 'none' },
    monitoring: { provider: 'none' },
    system_images: systemImages(kubernetes),
    services: {
      // The machines route the pods' networks themselves.
      'kube-controller': { extra_args: { 'allocate-node-cidrs': 'false' } },
      kubelet: {
        // containerd keeps the pods' images where rke's kubelet container does not see them.
        extra_binds: ['/var/lib/containerd:/var/lib/containerd:ro'],
        // An image that the kubelet removes would not come back: Docker still has it.
        extra_args: { 'image-gc-high-threshold': '100', 'image-gc-low-threshold': '99' },
      },
      // A network namespace cannot set nf_conntrack_max.
      kubeproxy: { extra_args: { 'conntrack-max-per-core': '0' } },
    },
    addons: readFileSync(join(import.meta.dirname, 'ingress.yaml'), 'utf8'),
  }
  // Not folded, so that the manifests stay readable in a log.
  return stringify(config, { lineWidth: 0 })
}

function systemImages(kubernetes: string): Record<string, string> {
  return {
    kubernetes: kubernetesImage(kubernetes),
    etcd: IMAGES.etcd,
    alpine: IMAGES.tools,
    nginx_proxy: IMAGES.tools,
    cert_downloader: IMAGES.tools,
    kubernetes_services_sidecar: IMAGES.tools,
    pod_infra_container: IMAGES.pause,
  }
}
