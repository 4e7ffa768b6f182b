import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { repositoryFolder } from '../runner/action-file.ts'

test('the bundle tells the licence of every package it takes in', () => {
  const { dependencies } = JSON.parse(readFileSync(join(repositoryFolder, 'package.json'), 'utf8'))
  const told = readFileSync(join(repositoryFolder, 'dist', 'licenses.txt'), 'utf8').split('\n')
  const silent = Object.keys(dependencies).filter((name) => !told.includes(name))
  expect(silent).toEqual([])
})
