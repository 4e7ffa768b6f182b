export type Kind = 'equivalent' | 'message text only' | 'gap'

/** What was made of a mutant that no test sees; `code` is the line it begins in, where the rest would fit several. */
export type Judged = { file: string; code?: string; from: string; to: string; kind: Kind; why: string }

export const JUDGED: Judged[] = [
  {
    file: "src/modes/way-back.ts",
    code: "const marks = marksOfStart(written ?? [], legRevision)",
    from: "[]",
    to: "[\"Stryker was here\"]",
    kind: "equivalent",
    why: "The data go back only where it is known what was written, and the reasons are told after that."
  },
  {
    file: "src/modes/way-back.ts",
    code: "const marks = marksOfStart(written ?? [], legRevision)",
    from: "written ?? []",
    to: "written && []",
    kind: "equivalent",
    why: "The data go back only where it is known what was written, and the reasons are told after that."
  },
  {
    file: "src/remote/lease-record.ts",
    code: "if (record === undefined) return Number.POSITIVE_INFINITY",
    from: "record === undefined",
    to: "false",
    kind: "equivalent",
    why: "Only those with a holder come here, and these are records."
  },
  {
    file: "src/remote/lease-record.ts",
    code: "} catch {",
    from: "{ return undefined }",
    to: "{}",
    kind: "equivalent",
    why: "A function that ends without a return returns undefined as well."
  },
  {
    file: "src/remote/lease-record.ts",
    code: "if (typeof value !== 'object' || value === null) return false",
    from: "typeof value !== 'object' || value === null",
    to: "false",
    kind: "equivalent",
    why: "What is taken apart here and is no object has no fields, or throws, and what throws is no record either."
  },
  {
    file: "src/remote/lease-record.ts",
    code: "if (typeof value !== 'object' || value === null) return false",
    from: "typeof value !== 'object' || value === null",
    to: "typeof value !== 'object' && value === null",
    kind: "equivalent",
    why: "What is taken apart here and is no object has no fields, or throws, and what throws is no record either."
  },
  {
    file: "src/remote/lease-record.ts",
    code: "if (typeof value !== 'object' || value === null) return false",
    from: "typeof value !== 'object'",
    to: "false",
    kind: "equivalent",
    why: "What is taken apart here and is no object has no fields, or throws, and what throws is no record either."
  },
  {
    file: "src/remote/lease-record.ts",
    code: "if (typeof value !== 'object' || value === null) return false",
    from: "value === null",
    to: "false",
    kind: "equivalent",
    why: "What is taken apart here and is no object has no fields, or throws, and what throws is no record either."
  },
  {
    file: "src/remote/lease-record.ts",
    code: "(holder === null || typeof holder?.session === 'string')",
    from: "holder?.session",
    to: "holder.session",
    kind: "equivalent",
    why: "A record without a holder throws here, and what throws is no record either."
  },
  {
    file: "src/snapshots/judge.ts",
    code: "if (live.revision !== undefined && revision < live.revision) {",
    from: "live.revision !== undefined",
    to: "true",
    kind: "equivalent",
    why: "A number is never less than undefined."
  },
  {
    file: "src/snapshots/names.ts",
    code: "const { stack = '', uid: clusterUid = '', run = '', keys, rancher, doubt } = groups",
    from: "''",
    to: "\"Stryker was here!\"",
    kind: "equivalent",
    why: "The pattern has these groups in every match: the default is for the type only."
  },
  {
    file: "src/snapshots/names.ts",
    code: "const takenAt = parseTime(groups?.['at'] ?? '')",
    from: "''",
    to: "\"Stryker was here!\"",
    kind: "equivalent",
    why: "Without a match there is no name either: the time is read for nothing."
  },
  {
    file: "src/snapshots/names.ts",
    code: "if (groups === undefined || takenAt === undefined) return undefined",
    from: "groups === undefined",
    to: "false",
    kind: "equivalent",
    why: "Without a match the time is undefined too, and the other half returns."
  },
  {
    file: "src/snapshots/names.ts",
    code: "const time = new Date(text.replace(/^(\\d{4})(\\d\\d)(\\d\\dT\\d\\d)(\\d\\d)(\\d\\dZ)$/, '$1-$2-$3:$4:$5'))",
    from: "/^(\\d{4})(\\d\\d)(\\d\\dT\\d\\d)(\\d\\d)(\\d\\dZ)$/",
    to: "/(\\d{4})(\\d\\d)(\\d\\dT\\d\\d)(\\d\\d)(\\d\\dZ)$/",
    kind: "equivalent",
    why: "The pattern of a name lets only 15 digits with T and Z come here, so that the anchors change nothing."
  },
  {
    file: "src/snapshots/names.ts",
    code: "const time = new Date(text.replace(/^(\\d{4})(\\d\\d)(\\d\\dT\\d\\d)(\\d\\d)(\\d\\dZ)$/, '$1-$2-$3:$4:$5'))",
    from: "/^(\\d{4})(\\d\\d)(\\d\\dT\\d\\d)(\\d\\d)(\\d\\dZ)$/",
    to: "/^(\\d{4})(\\d\\d)(\\d\\dT\\d\\d)(\\d\\d)(\\d\\dZ)/",
    kind: "equivalent",
    why: "The pattern of a name lets only 15 digits with T and Z come here, so that the anchors change nothing."
  },
  {
    file: "src/snapshots/retention.ts",
    code: "const isAmongLast = keepLast !== undefined && newer < keepLast",
    from: "keepLast !== undefined",
    to: "true",
    kind: "equivalent",
    why: "A number is never less than undefined: without keepLast none is among the last."
  },
  {
    file: "src/snapshots/retention.ts",
    code: "const isYoung = keepDays !== undefined && now.getTime() - one.takenAt.getTime() < keepDays * DAY_MS",
    from: "keepDays !== undefined",
    to: "true",
    kind: "equivalent",
    why: "Undefined days are not a number, and nothing is less than that."
  },
  {
    file: "src/snapshots/retention.ts",
    code: "return other.takenAt.getTime() - one.takenAt.getTime() || (one.name < other.name ? 1 : -1)",
    from: "one.name < other.name",
    to: "one.name <= other.name",
    kind: "equivalent",
    why: "Names of one place are unique, so that equal ones are never compared."
  },
  {
    file: "src/snapshots/retention.ts",
    code: "return !other.doubted && other.name !== one.name && byAge(other, one) < 0",
    from: "byAge(other, one) < 0",
    to: "byAge(other, one) <= 0",
    kind: "equivalent",
    why: "Two of different names never compare as equal."
  }
]
