import { installInputs } from './inputs.ts'
import { refuses } from './refuse.ts'

refuses([
  ['Rancher that no longer runs on rke', installInputs({ 'rancher-version': '2.12.0' }), /2\.12\.0/, /2\.11/],
  ['Kubernetes too new for Rancher', installInputs({ 'kubernetes-version': 'v1.34.1' }), /1\.34/, /1\.32/],
  ['Kubernetes that rke does not know', installInputs({ 'kubernetes-version': 'v1.32.99' }), /1\.32\.99/, /1\.32\.6/],
])
