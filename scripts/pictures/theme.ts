/** Colours of a picture; the names say what they are for. */
export type Theme = {
  name: 'light' | 'dark'
  paper: string
  frame: string
  text: string
  faint: string
  good: string
  change: string
  bad: string
  box: string
  accent: string
}

export const THEMES: Theme[] = [
  {
    name: 'light',
    paper: '#ffffff',
    frame: '#d1d9e0',
    text: '#1f2328',
    faint: '#59636e',
    good: '#1a7f37',
    change: '#9a6700',
    bad: '#d1242f',
    box: '#f6f8fa',
    accent: '#0969da',
  },
  {
    name: 'dark',
    paper: '#0d1117',
    frame: '#3d444d',
    text: '#f0f6fc',
    faint: '#9198a1',
    good: '#3fb950',
    change: '#d29922',
    bad: '#f85149',
    box: '#151b23',
    accent: '#4493f8',
  },
]

export function plain(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
