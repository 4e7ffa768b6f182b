import { refuses } from './refuse.ts'

refuses(
  ['upgrade'].map((mode) => [
    mode,
    { mode, provider: 'local', name: 'rancher' },
    new RegExp(`mode: .*${mode}`),
    /not .*yet|not available/,
  ]),
)
