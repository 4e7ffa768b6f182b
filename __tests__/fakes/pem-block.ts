/** A text in the form of PEM whose content is no key. */
export function pemBlock(label: string, content: string): string {
  return `-----BEGIN ${label}-----\n${content}\n-----END ${label}-----\n`
}
