import type { Place } from '../snapshot.ts'
import { type ArtifactOptions, artifactStore } from './artifacts.ts'
import { directoryStore } from './directory.ts'
import { s3Store } from './s3.ts'
import type { Store } from './store.ts'

/** The store of a place; what it speaks with is loaded at its first use. */
export function openStore(place: Place, options: ArtifactOptions): Store {
  if (place.kind === 'artifact') return artifactStore(place, options)
  return place.kind === 's3' ? s3Store(place) : directoryStore(place)
}
