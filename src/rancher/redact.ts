const HIDDEN = '***'

/**
 * What may be a secret in a line of a log. Names that end in one of these words, whatever stands between the name and its
 * value; Rancher itself writes "Bootstrap Password: …" when it made one.
 */
const NAMED =
  /((?:pass(?:word|wd|phrase)?|secret|token|credentials?|authorization|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key)["']?\s*(?:[:=]|\bis\b)\s*)("[^"]*"|'[^']*'|(?:bearer\s+|basic\s+)?\S+)/gi
const BEARER = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi
/** A token of Rancher's, as kubeconfigs and headers carry it. */
const RANCHER_TOKEN = /\b((?:token|kubeconfig)-[a-z0-9-]+):[A-Za-z0-9]{16,}/g
const LOGIN_IN_URL = /:\/\/[^/@\s]+@/g
const JWT = /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g
/** Keys and certificates come in lines of 64 such characters. */
const LONG_BASE64 = /[A-Za-z0-9+/]{60,}={0,2}/g

/** A line of somebody else's log without what may be a secret. Pure. */
export function redact(line: string): string {
  return line
    .replace(NAMED, `$1${HIDDEN}`)
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(RANCHER_TOKEN, `$1:${HIDDEN}`)
    .replace(LOGIN_IN_URL, `://${HIDDEN}@`)
    .replace(JWT, HIDDEN)
    .replace(LONG_BASE64, HIDDEN)
}
