import { expect, test } from '@jest/globals'
import { parseContainers, parseNetworks, parseVolumes } from '../../../../src/infrastructure/local/docker-json.ts'

const container = (status: string, networks: object, labels: object | null = { a: 'b' }) => ({
  Name: '/rancher-ha-x-node-1',
  State: { Status: status },
  Config: { Labels: labels, Image: 'machine:1' },
  NetworkSettings: { Networks: networks },
})

test.each([
  ['created', 'created'],
  ['running', 'running'],
  ['exited', 'stopped'],
  ['dead', 'stopped'],
  ['paused', 'stopped'],
])('a container that is %s counts as %s', (status, state) => {
  expect(parseContainers(JSON.stringify([container(status, {})]))).toMatchObject([{ state }])
})

test('the address asked for is known of a stopped container, too', () => {
  const stopped = container('exited', { net: { IPAddress: '', IPAMConfig: { IPv4Address: '10.77.4.11' } } })
  const [parsed] = parseContainers(JSON.stringify([stopped]))
  expect(parsed).toEqual({
    name: 'rancher-ha-x-node-1',
    labels: { a: 'b' },
    state: 'stopped',
    address: '10.77.4.11',
  })
})

test('what has no labels, no addresses and no subnets is read, too', () => {
  const bare = container('running', { net: { IPAddress: '', IPAMConfig: null } }, null)
  expect(parseContainers(JSON.stringify([bare]))).toMatchObject([{ labels: {}, address: undefined }])
  const networks = [{ Name: 'host', Labels: null, IPAM: { Config: null } }]
  expect(parseNetworks(JSON.stringify(networks))).toEqual([{ name: 'host', labels: {}, subnets: [] }])
  expect(parseVolumes('[{"Name":"v","Labels":null}]')).toEqual([{ name: 'v', labels: {} }])
})

test('an answer of another shape is an error', () => {
  expect(() => parseContainers('[{"Name":"x"}]')).toThrow()
})
