import { type BlobStore, signedUrl } from './blobs.ts'
import { type Methods, text } from './twirp.ts'

type Entry = { key: string; version: string; path: string; finished: boolean }

/**
 * The cache service (v2). An entry never changes once it is finished; a look-up takes the exact key first, then the
 * newest entry that begins with the key or one of the restore keys, in their order, always of the same version.
 */
export function cacheMethods(base: string, blobs: BlobStore): Methods {
  const entries: Entry[] = []
  const find = (key: string, version: string) => entries.find((entry) => entry.key === key && entry.version === version)

  return {
    CreateCacheEntry(message) {
      const [key, version] = [text(message, 'key'), text(message, 'version')]
      const known = find(key, version)
      if (known?.finished)
        return { ok: false, message: 'cache entry with the same key, version, and scope already exists' }
      const entry = known ?? { key, version, path: `/caches/entries/${entries.length + 1}`, finished: false }
      if (known === undefined) entries.push(entry)
      return { ok: true, signed_upload_url: signedUrl(base, entry.path) }
    },
    FinalizeCacheEntryUpload(message) {
      const entry = find(text(message, 'key'), text(message, 'version'))
      const complete = entry !== undefined && blobs.sizeBytes(entry.path) === Number(message['size_bytes'])
      if (!complete) return { ok: false, message: 'the upload is not complete' }
      entry.finished = true
      return { ok: true, entry_id: String(entries.indexOf(entry) + 1) }
    },
    GetCacheEntryDownloadURL(message) {
      const keys = [text(message, 'key'), ...((message['restore_keys'] as string[] | undefined) ?? [])]
      const readable = entries.filter((entry) => entry.finished && entry.version === message['version']).reverse()
      const hit =
        readable.find((entry) => entry.key === keys[0]) ??
        keys.map((key) => readable.find((entry) => entry.key.startsWith(key))).find((entry) => entry !== undefined)
      if (hit === undefined) return { ok: false }
      return { ok: true, signed_download_url: signedUrl(base, hit.path), matched_key: hit.key }
    },
  }
}
