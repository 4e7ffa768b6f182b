import { installInputs, key } from './inputs.ts'
import { refuses } from './refuse.ts'

refuses([
  [
    'a key with a passphrase',
    installInputs({ 'ssh-private-key': key('open sesame') }),
    /ssh-private-key: .*passphrase/,
  ],
])
