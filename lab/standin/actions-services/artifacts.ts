import { type BlobStore, signedUrl } from './blobs.ts'
import { type Message, type Methods, TwirpError, text } from './twirp.ts'

export type Artifact = { run: string; job: string; name: string; path: string; createdAt: string; finished?: Finished }
type Finished = { id: string; size: string; digest: unknown }

/**
 * The artifact service (v4): a name is unique within its run, and cannot be written twice.
 *
 * @param artifacts those there are; what is made is added
 */
export function artifactMethods(base: string, blobs: BlobStore, artifacts: Artifact[] = []): Methods {
  let lastId = 0
  const find = (message: Message) => {
    const [run, name] = [text(message, 'workflow_run_backend_id'), text(message, 'name')]
    return artifacts.find((artifact) => artifact.run === run && artifact.name === name)
  }
  const finished = (message: Message) => {
    const artifact = find(message)
    if (artifact?.finished === undefined) throw new TwirpError('not_found', `no artifact ${text(message, 'name')}`)
    return { ...artifact, finished: artifact.finished }
  }

  return {
    CreateArtifact(message) {
      const name = text(message, 'name')
      if (find(message)?.finished) {
        throw new TwirpError('already_exists', `an artifact with the name ${name} already exists on the workflow run`)
      }
      const run = text(message, 'workflow_run_backend_id')
      const path = `/artifacts/${encodeURIComponent(run)}/${encodeURIComponent(name)}`
      if (find(message) === undefined) {
        const job = text(message, 'workflow_job_run_backend_id')
        artifacts.push({ run, job, name, path, createdAt: new Date().toISOString() })
      }
      return { ok: true, signed_upload_url: signedUrl(base, path) }
    },
    FinalizeArtifact(message) {
      const artifact = find(message)
      const size = text(message, 'size')
      if (artifact === undefined || blobs.sizeBytes(artifact.path) !== Number(size)) {
        throw new TwirpError('invalid_argument', 'the upload is not complete')
      }
      lastId += 1
      artifact.finished = { id: String(lastId), size, digest: message['hash'] }
      return { ok: true, artifact_id: artifact.finished.id }
    },
    ListArtifacts(message) {
      const run = text(message, 'workflow_run_backend_id')
      const [name, id] = [message['name_filter'], message['id_filter']]
      const listed = artifacts.filter(
        (artifact) =>
          artifact.run === run &&
          artifact.finished !== undefined &&
          (name === undefined || artifact.name === name) &&
          (id === undefined || artifact.finished.id === String(id)),
      )
      return { artifacts: listed.map(described) }
    },
    GetSignedArtifactURL(message) {
      const { name, path } = finished(message)
      return { name, signed_url: signedUrl(base, path) }
    },
    DeleteArtifact(message) {
      const { path, finished: known } = finished(message)
      artifacts.splice(artifacts.indexOf(find(message) as Artifact), 1)
      blobs.remove(path)
      return { ok: true, artifact_id: known.id }
    },
  }
}

function described({ run, job, name, createdAt, finished }: Artifact): Message {
  return {
    workflow_run_backend_id: run,
    workflow_job_run_backend_id: job,
    database_id: finished?.id,
    name,
    size: finished?.size,
    created_at: createdAt,
    digest: finished?.digest,
  }
}
