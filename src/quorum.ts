/** Members that must agree for a cluster of this size to elect a leader (etcd FAQ, "failure tolerance"). */
export function quorum(members: number): number {
  return Math.floor(members / 2) + 1
}

/** How many more members may be lost before there is no quorum; negative when it is lost already. */
export function toleratedLosses(members: number, healthy: number): number {
  return healthy - quorum(members)
}
