/** @see Rancher, "RKE end of life": 31 July 2025 */
export const RKE_ENDED =
  'Kubernetes is installed with RKE v1, whose support ended on 31 July 2025; Rancher 2.11 is the last that runs on it.'
