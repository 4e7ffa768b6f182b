import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { dockerCli } from '../../../../src/infrastructure/local/docker-cli.ts'
import { tries } from '../../remedies/tries.ts'

const forever = new AbortController().signal
const labels = { 'rancher-ha/stack': 'x' }
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docker-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A program `docker` that notes its arguments, one call a line, and does what `script` says. */
async function client(script: string) {
  const program = join(folder, 'docker')
  await writeFile(program, `#!/bin/sh\nprintf '%s\\n' "$*" >>"${folder}/calls"\n${script}\n`)
  await chmod(program, 0o755)
  return dockerCli({ PATH: `${folder}:/usr/bin:/bin` })
}

async function calls(): Promise<string[]> {
  return (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')
}

test('a machine is systemd with a network address, a disk and a cgroup tree of its own', async () => {
  const docker = await client('')
  const place = { network: 'net', address: '10.77.4.11', volume: 'disk' }
  await docker.createMachine(
    { name: 'c', hostname: 'node-1', image: 'machine:1', ...place, labels, restart: true },
    forever,
  )
  expect(await calls()).toEqual([
    'create --name c --privileged --cgroupns private --tmpfs /run --tmpfs /tmp --stop-signal SIGRTMIN+3 ' +
      '--restart unless-stopped --hostname node-1 --network net --ip 10.77.4.11 --volume disk:/var ' +
      '--label rancher-ha/stack=x machine:1',
  ])
})

test('a file is read in a running container by one call, and what is not there is left out', async () => {
  const docker = await client('shift 2; exec "$@"')
  await writeFile(join(folder, 'there'), 'two\nlines\n')
  const paths = [join(folder, 'missing'), join(folder, 'there')]
  expect(await docker.read({ name: 'c', state: 'running' }, paths)).toEqual(new Map([[paths[1], 'two\nlines\n']]))
  expect(await calls()).toHaveLength(1)
})

test('a file is read in a stopped container, and what is not there is left out', async () => {
  const docker = await client(`case $2 in
    c:/there) tar -C "${folder}" -cf - there ;;
    *) echo "Error: Could not find the file /missing in container c" >&2; exit 1 ;;
  esac`)
  await writeFile(join(folder, 'there'), 'two\nlines – ünïcode\n')
  const read = await docker.read({ name: 'c', state: 'stopped' }, ['/missing', '/there'])
  expect(read).toEqual(new Map([['/there', 'two\nlines – ünïcode\n']]))
})

test('a file is written with its mode, in folders closed to others', async () => {
  const docker = await client('shift 5; exec "$@"')
  const path = join(folder, 'deep', 'file')
  await docker.write('c', { path, content: 'ünïcode', mode: '0640', user: 'me' }, forever)
  expect(await readFile(path, 'utf8')).toBe('ünïcode')
  expect((await calls())[0]).toContain('exec --interactive --user me c sh -c')
})

test('a file whose content ends early is not put in its place', async () => {
  const docker = await client('shift 5; head -c 3 | "$@"')
  const path = join(folder, 'file')
  await writeFile(path, 'as it was')
  const written = docker.write('c', { path, content: 'longer than three', mode: '0600', user: 'me' }, forever)
  await expect(written).rejects.toMatchObject({ kind: 'cloud' })
  expect(await readFile(path, 'utf8')).toBe('as it was')
})

test('what is removed may be gone already, what is refused is told', async () => {
  const gone = await client('echo "Error: No such container: c" >&2; exit 1')
  await expect(gone.remove('c', forever)).resolves.toBeUndefined()
  const used = await client('echo "Error response: volume is in use" >&2; exit 1')
  await expect(used.removeVolume('v', forever)).rejects.toMatchObject({
    kind: 'cloud',
    message: expect.stringContaining('volume is in use'),
  })
})

test('an exit code inside the container is an answer', async () => {
  const docker = await client('echo out; echo err >&2; exit 3')
  expect(await docker.exec('c', ['false'])).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
})

test.each([
  ['Cannot connect to the Docker daemon at unix:///nowhere. Is the docker daemon running?'],
  ['permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock'],
])('a daemon that does not answer is told apart: %s', async (complaint) => {
  const docker = await client(`echo '${complaint}' >&2; exit 1`)
  await expect(docker.facts('x', 'p')).rejects.toMatchObject({
    kind: 'preflight',
    next: expect.stringContaining('DOCKER_HOST'),
  })
})

test('without a client that is said', async () => {
  const docker = dockerCli({ PATH: folder })
  await expect(docker.hasImage('x')).rejects.toMatchObject({
    kind: 'preflight',
    message: expect.stringContaining('client'),
  })
})

test('a run that is stopped does not wait for Docker', async () => {
  const docker = await client('exec sleep 60')
  const stop = new AbortController()
  const started = docker.start('c', stop.signal)
  stop.abort(new Error('cancelled'))
  await expect(started).rejects.toThrow('cancelled')
})

tries('cloud', [
  [
    'Mend what Docker names, then run the same again.',
    async () => (await client('echo "Error response: volume is in use" >&2; exit 1')).removeVolume('v', forever),
    async () => (await client('')).removeVolume('v', forever),
  ],
])

tries('preflight', [
  [
    'Install and start Docker on the runner, or let DOCKER_HOST name a daemon it may use.',
    () => dockerCli({ PATH: join(folder, 'none') }).hasImage('x'),
    async () => (await client('')).hasImage('x'),
    async () => {
      await client('[ "$DOCKER_HOST" = unix:///run/mine ] || exit 1')
      await dockerCli({ PATH: `${folder}:/usr/bin:/bin`, DOCKER_HOST: 'unix:///run/mine' }).hasImage('x')
    },
  ],
])
