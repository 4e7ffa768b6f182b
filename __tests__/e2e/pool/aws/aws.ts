import type { Case } from '../case.ts'
import { counts } from './counts.ts'
import { drifts } from './drifts.ts'
import { firsts } from './firsts.ts'
import { leavings } from './leavings.ts'
import { losses } from './losses.ts'
import { neighbours } from './neighbours.ts'
import { ports } from './ports.ts'
import { preview } from './preview.ts'
import { replacements } from './replacements.ts'

/** Provider aws in the lab's cloud: a stand-in for the API, behind which machines, balancers, names and rules are real. */
export const aws: Case[] = [
  ...firsts,
  ...drifts,
  ...leavings,
  ...neighbours,
  ...losses,
  ...counts,
  ...replacements,
  ...ports,
  ...preview,
]
