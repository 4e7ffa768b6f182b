export const minutes = (count: number) => count * 60_000
