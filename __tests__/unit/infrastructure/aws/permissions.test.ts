import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { withPolicies } from '../../../../scripts/permissions.ts'
import { PERMISSIONS } from '../../../../src/infrastructure/aws/permissions.ts'
import { MODE_NEEDS, policyFor } from '../../../../src/infrastructure/aws/policy.ts'

const page = readFileSync(new URL('../../../../docs/permissions-aws.md', import.meta.url), 'utf8')

test('docs/permissions-aws.md has the policies of the table', () => {
  expect(page).toBe(withPolicies(page))
})

test('a permission stands in the table once', () => {
  const actions = PERMISSIONS.map(({ action }) => action)
  expect(actions).toEqual([...new Set(actions)])
})

test.each(Object.entries(MODE_NEEDS))('mode %s has every permission it needs and no other', (_, needs) => {
  const allowed = new Set(policyFor(needs).Statement.flatMap(({ Action }) => Action))
  const asked = PERMISSIONS.filter((one) => one.needs.some((need) => needs.includes(need))).map(({ action }) => action)
  expect([...allowed].toSorted()).toEqual(asked.toSorted())
})

test('what changes or takes away is held to the owner', () => {
  const loose = policyFor(MODE_NEEDS.destroy).Statement.filter(
    ({ Condition, Sid }) => Condition === undefined && Sid !== 'Zone',
  )
  const changing = loose.filter(({ Sid }) => !Sid.endsWith('Uses')).flatMap(({ Action }) => Action)
  expect(changing.filter((action) => !/:(Describe|List|Get)/.test(action))).toEqual([])
})
