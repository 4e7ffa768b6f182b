import { MODES } from '../../src/settings.ts'
import { installInputs } from './inputs.ts'
import { refuses } from './refuse.ts'

refuses([
  ['a mode nobody knows names all there are', { mode: 'rollback', provider: 'local' }, /mode: .*rollback/, ...MODES],
  ['sweep on machines that are brought', installInputs({ mode: 'sweep' }), /provider: expected aws, got hosts/],
  ['sweep on this machine', { mode: 'sweep', provider: 'local' }, /provider: expected aws, got local/],
])
