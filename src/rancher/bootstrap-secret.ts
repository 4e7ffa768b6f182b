import type { V1Secret } from '@kubernetes/client-node'
import { StackError } from '../errors.ts'
import { NAMESPACE } from './facts.ts'
import type { Kube } from './kube.ts'

const NAME = 'bootstrap-secret'
const KEPT = 'rancher-ha-bootstrap-secret'
const KEY = 'bootstrapPassword'

const ref = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name })

/** Whether Rancher's first password stands, in its own Secret or in our copy of it. */
export async function hasBootstrapSecret(kube: Kube): Promise<boolean> {
  return (await read(kube, NAME)) !== undefined || (await read(kube, KEPT)) !== undefined
}

/** @throws StackError of kind `rancher` when it stands nowhere */
export async function readBootstrapPassword(kube: Kube): Promise<string> {
  const found = await read(kube, NAME)
  if (found !== undefined) return Buffer.from(found, 'base64').toString('utf8')
  throw new StackError('rancher', `Secret ${NAMESPACE}/${NAME} holds no password.`, {
    next: 'Set server-url in the user interface at the first login.',
  })
}

/**
 * Runs Helm with a copy of the first password beside its Secret. That Secret is a hook, which Helm deletes
 * and makes anew from what it looked up before: a Helm killed in between would take the only trace of a
 * generated password with it (seen with helm 3). The copy of an earlier, killed run is put back first.
 */
export async function keepingBootstrapSecret(kube: Kube, work: () => Promise<void>): Promise<void> {
  const [standing, kept] = await Promise.all([read(kube, NAME), read(kube, KEPT)])
  if (standing !== undefined) await write(kube, KEPT, standing)
  else if (kept !== undefined) await write(kube, NAME, kept)
  await work()
  await kube.remove(ref(KEPT))
}

async function read(kube: Kube, name: string): Promise<string | undefined> {
  return (await kube.get<V1Secret>(ref(name)))?.data?.[KEY]
}

async function write(kube: Kube, name: string, password: string): Promise<void> {
  const secret: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: NAMESPACE },
    type: 'Opaque',
    data: { [KEY]: password },
  }
  await kube.apply(secret)
}
