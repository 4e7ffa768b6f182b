import { describeInfrastructure, describeMaking } from '../../../contract/infrastructure.ts'
import { localFixture } from './fixture.ts'

describeInfrastructure('local, on a daemon in memory', () => localFixture())
describeMaking('local, on a daemon in memory', () => localFixture())
