import type { Api } from '../distribution.ts'

/**
 * Removes the Node object of a machine that is gone, and with it what was to run there; nothing to do when there is
 * none. Only the admin may: a control plane's own credentials read nodes but do not remove them.
 */
export async function deleteNodeObject(openApi: () => Promise<Api>, name: string): Promise<void> {
  await using api = await openApi()
  const { ApiException, CoreV1Api } = await import('@kubernetes/client-node')
  try {
    await api.config.makeApiClient(CoreV1Api).deleteNode({ name })
  } catch (error) {
    if (!(error instanceof ApiException && error.code === 404)) throw error
  }
}
