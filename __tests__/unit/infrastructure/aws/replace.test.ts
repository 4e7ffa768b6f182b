import { describe, expect, test } from '@jest/globals'
import type { Instance } from '../../../../src/infrastructure/aws/findings.ts'
import { IMAGES, systemOf } from '../../../../src/infrastructure/aws/image.ts'
import { changesOf } from '../../../../src/infrastructure/aws/renewal.ts'
import { oddOne, swapOf } from '../../../../src/infrastructure/aws/swap.ts'
import { TAGS, type Tags } from '../../../../src/infrastructure/aws/tags.ts'

const machine = (name: string, tags: Tags = {}) => ({ id: `i-${name}`, name, tags }) as Instance

describe('what of a machine is not as asked', () => {
  const runs = { type: 'm5.xlarge', image: 'ami-old' }
  const debian = { Name: 'debian-12-amd64-20260101-1' }
  const of = (image: string | undefined, instanceTypes?: string[], newest = 'ami-new') =>
    changesOf(runs, debian, { image, instanceTypes, areReplaced: true }, newest)

  test.each([
    ['nothing asked', of(undefined), []],
    ['one of the types', of(undefined, ['m6i.xlarge', 'm5.xlarge']), []],
    ['another type', of(undefined, ['m6i.xlarge']), ['m5.xlarge → m6i.xlarge']],
    ['its system', of('debian-12'), []],
    ['the newest of its system', of('debian-12-latest'), ['image ami-old → ami-new, debian-12-latest']],
    ['the newest, which it runs', of('debian-12-latest', undefined, 'ami-old'), []],
    ['another system', of('ubuntu-24.04'), ['image ami-old → ami-new, ubuntu-24.04']],
    ['its image', of('ami-old', undefined, 'ami-old'), []],
    ['another image', of('ami-new'), ['image ami-old → ami-new']],
    ['both', of('ami-new', ['m6i.xlarge']), ['m5.xlarge → m6i.xlarge', 'image ami-old → ami-new']],
  ])('%s', (_, changes, expected) => expect(changes).toEqual(expected))

  test('an image nobody can describe any more is left alone by the name of a system', () => {
    expect(
      changesOf(runs, undefined, { image: 'debian-12', instanceTypes: undefined, areReplaced: true }, 'ami-new'),
    ).toEqual([])
  })

  test('the image a replacement would be made from is never replaced, whatever it is called', () => {
    const asked = { image: 'debian-12', instanceTypes: undefined, areReplaced: true }
    expect(changesOf({ type: 'm5.xlarge', image: 'ami-new' }, { Name: 'a copy' }, asked, 'ami-new')).toEqual([])
    expect(changesOf({ type: 'm5.xlarge', image: 'ami-old' }, { Name: 'a copy' }, asked, 'ami-new')).toHaveLength(1)
  })

  test('an image is of a system by its maker’s name for it; every system finds its own', () => {
    for (const [system, { name }] of Object.entries(IMAGES)) {
      expect(systemOf({ Name: name.replace('*', '20260101') })).toBe(system)
    }
    expect(systemOf({ Name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-jammy-22.04-amd64-server-1' })).toBe('ubuntu-22.04')
    expect(systemOf({ Name: 'mine' })).toBeUndefined()
    expect(systemOf({})).toBeUndefined()
  })
})

describe('a replacement that was begun', () => {
  const three = ['node-1', 'node-2', 'node-3'].map((name) => machine(name))
  const by = machine('node-4', { [TAGS.replaces]: 'i-node-1' })

  test('is told by the tag of the new machine while both live', () => {
    expect(swapOf(three)).toBeUndefined()
    expect(swapOf([...three, by])).toMatchObject({ old: { name: 'node-1' }, by: { name: 'node-4' }, isGivenUp: false })
    expect(swapOf([...three.slice(1), by])).toBeUndefined()
    expect(swapOf([...three, machine('node-4')])).toBeUndefined()
  })

  test('with another machine lost meanwhile the new one stands for that', () => {
    expect(swapOf([...three.filter(({ name }) => name !== 'node-2'), by])).toBeUndefined()
  })

  test('the new one is too many until the old one was given up for it, and for no other', () => {
    const odd = (leaving: Tags) => {
      const swap = swapOf([machine('node-1', leaving), ...three.slice(1), by])
      return swap && oddOne(swap)
    }
    expect(odd({})).toBe('node-4')
    expect(odd({ [TAGS.leaving]: 'i-node-4' })).toBe('node-1')
    expect(odd({ [TAGS.leaving]: 'i-one-that-was-lost' })).toBe('node-4')
  })
})
