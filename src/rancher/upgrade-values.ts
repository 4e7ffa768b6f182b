import { isDeepStrictEqual } from 'node:util'
import type { RancherSettings } from '../settings.ts'
import type { RancherFacts } from './facts.ts'
import { overlay, type Values, without } from './values.ts'

/** The values of an upgrade: the release's own, with what is asked now on top. The first password stays as it is. */
export function upgradeValues({ release }: Pick<RancherFacts, 'release'>, { helmValues }: RancherSettings): Values {
  return overlay(release?.values ?? {}, without(helmValues, [['bootstrapPassword']]))
}

/** Whether what is asked changes any value of the release. */
export function changesValues(facts: Pick<RancherFacts, 'release'>, settings: RancherSettings): boolean {
  return !isDeepStrictEqual(upgradeValues(facts, settings), facts.release?.values ?? {})
}
