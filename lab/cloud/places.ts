import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** What the stand-in runs in; made by `make cloud-setup` from requirements.txt. */
export const VENV = process.env['RANCHER_HA_CLOUD'] ?? join(ROOT, '.out', 'cloud')

export const PYTHON = join(VENV, 'bin', 'python')

export const LAUNCHER = join(import.meta.dirname, 'moto_lab.py')
