/**
 * Node's own modules that cost as much to load as all else an input error needs (crypto: 6 of 60 ms), each loaded at its
 * first use. For what is loaded before the inputs are judged; everything later imports them as usual.
 */
export const late = {
  get crypto(): typeof import('node:crypto') {
    return process.getBuiltinModule('node:crypto')
  },
  get net(): typeof import('node:net') {
    return process.getBuiltinModule('node:net')
  },
}
