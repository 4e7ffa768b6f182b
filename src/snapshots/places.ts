import type { Place } from './snapshot.ts'

/** A place as the input `backup-to` names it. */
export function formatPlace(place: Place): string {
  if (place.kind === 'artifact') return 'artifact'
  if (place.kind === 'file') return `file:${place.folder}`
  return `s3://${place.bucket}${place.prefix === '' ? '' : `/${place.prefix}`}`
}
