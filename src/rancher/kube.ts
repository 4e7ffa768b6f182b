import type { KubernetesObject } from '@kubernetes/client-node'
import { StackError } from '../errors.ts'
import type { Api } from '../kubernetes/distribution.ts'
import { patiently } from './patiently.ts'

/** Which objects: of one kind, in one namespace (absent for kinds without one). */
export type KindRef = { apiVersion: string; kind: string; namespace?: string }
export type ObjectRef = KindRef & { name: string }

/** The few things this action asks of the Kubernetes API. Errors are StackErrors of kind `kubernetes`. */
export interface Kube {
  /** The object; undefined when it, its namespace or its kind is not there. */
  get<T extends KubernetesObject>(ref: ObjectRef): Promise<T | undefined>
  /** Empty when the kind is not there. */
  list<T extends KubernetesObject>(ref: KindRef, labels?: string): Promise<T[]>
  /** Server-side apply under our own field manager: there after it, whether or not it was before. */
  apply(object: KubernetesObject): Promise<void>
  /** Whether the API server, with its admission webhooks, would take the object; stores nothing. */
  wouldCreate(object: KubernetesObject): Promise<{ accepted: boolean; why: string }>
  /** Gone after it, whether or not it was there. */
  remove(ref: ObjectRef): Promise<void>
  /** What a container wrote since so many seconds, at most the last 2 MB. */
  logs(pod: { namespace: string; name: string; container: string }, sinceSeconds: number): Promise<string>
  /** The last lines of a container; with `previous` of the one that was there before it was started again. */
  tail(
    pod: { namespace: string; name: string; container: string },
    asked: { lines: number; previous: boolean },
  ): Promise<string>
}

/** Name under which the objects we write are ours (server-side apply). */
export const FIELD_MANAGER = 'rancher-ha'

const REQUEST_DEADLINE_MS = 15_000
const LOG_LIMIT_BYTES = 2_000_000

/** The API through the given tunnel; each request has a deadline of 15 s. */
export async function openKube(api: Pick<Api, 'config'>): Promise<Kube> {
  const sdk = await import('@kubernetes/client-node')
  const server = api.config.getCurrentCluster()?.server
  if (server === undefined) throw new StackError('bug', 'The kubeconfig names no cluster.')
  const configuration = sdk.createConfiguration({
    baseServer: new sdk.ServerConfiguration(server, {}),
    authMethods: { default: api.config },
    promiseMiddleware: [
      {
        async pre(context) {
          context.setSignal(AbortSignal.timeout(REQUEST_DEADLINE_MS))
          return context
        },
        async post(context) {
          return context
        },
      },
    ],
  })
  const objects = new sdk.KubernetesObjectApi(configuration)
  const core = new sdk.CoreV1Api(configuration)

  return {
    get<T extends KubernetesObject>(ref: ObjectRef) {
      const found = asked<T>(`reading ${describe(ref)}`, () => objects.read(header(ref)) as unknown as Promise<T>)
      return found.catch(absent(undefined))
    },
    async list<T extends KubernetesObject>(ref: KindRef, labels?: string) {
      const { apiVersion, kind, namespace } = ref
      const none = undefined
      const listed = () => objects.list(apiVersion, kind, namespace, none, none, none, none, labels)
      const found = await asked(`listing ${kind}`, listed).catch(absent(undefined))
      return (found?.items ?? []) as unknown as T[]
    },
    async apply(object) {
      const manager = FIELD_MANAGER
      const strategy = sdk.PatchStrategy.ServerSideApply
      await asked(`writing ${object.kind} ${object.metadata?.name}`, () =>
        objects.patch(object, undefined, undefined, manager, true, strategy),
      )
    },
    async wouldCreate(object) {
      try {
        await patiently(() => objects.create(object, undefined, 'All', FIELD_MANAGER))
        return { accepted: true, why: 'accepted' }
      } catch (thrown) {
        return { accepted: false, why: messageOf(thrown) }
      }
    },
    async remove(ref) {
      await asked(`removing ${describe(ref)}`, () => objects.delete(header(ref))).catch(absent(undefined))
    },
    logs({ namespace, name, container }, sinceSeconds) {
      const request = { namespace, name, container, sinceSeconds, limitBytes: LOG_LIMIT_BYTES }
      return asked(`reading the log of pod ${name}`, () => core.readNamespacedPodLog(request))
    },
    tail({ namespace, name, container }, { lines, previous }) {
      const request = { namespace, name, container, previous, tailLines: lines, limitBytes: LOG_LIMIT_BYTES }
      return asked(`reading the log of pod ${name}`, () => core.readNamespacedPodLog(request))
    },
  }
}

function header({ apiVersion, kind, namespace, name }: ObjectRef) {
  return { apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace } }
}

function describe({ kind, name, namespace }: ObjectRef): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}

/** Gives an SDK error its kind, once, and keeps the original as its cause. */
async function asked<T>(doing: string, request: () => Promise<T>): Promise<T> {
  try {
    return await patiently(request)
  } catch (thrown) {
    throw new StackError('kubernetes', `${doing}: ${messageOf(thrown)}`, { cause: thrown })
  }
}

/** Turns "not found" into a value: of the object (404), or of its kind (discovery knows none of that name). */
function absent<T>(value: T): (error: StackError) => T {
  return (error) => {
    const { cause } = error
    if (statusOf(cause) === 404) return value
    if (cause instanceof Error && cause.message.startsWith('Unrecognized API version and kind')) return value
    throw error
  }
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'number' ? thrown.code : undefined
}

/** What the API server said, without the headers that the SDK's own message carries. */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const said = (thrown as { body?: unknown }).body
  if (typeof said === 'object' && said !== null && 'message' in said) return String(said.message)
  if (typeof said === 'string') {
    const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(said)?.[1]
    if (message !== undefined) return JSON.parse(`"${message}"`)
  }
  const why = thrown.cause instanceof Error ? `: ${thrown.cause.message}` : ''
  return `${thrown.message.split('\n')[0]}${why}`
}
