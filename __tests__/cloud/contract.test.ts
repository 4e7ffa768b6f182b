import { afterAll, beforeAll, jest } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { describeInfrastructure, describeMaking } from '../contract/infrastructure.ts'
import { awsFixture, openMoto } from './fixture.ts'

// A run is killed at one moment after the other, each time on an account of its own.
jest.setTimeout(300_000)

let moto: Moto
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())

describeInfrastructure('aws, on a stand-in for its API', () => awsFixture(moto))
describeMaking('aws, on a stand-in for its API', () => awsFixture(moto))
