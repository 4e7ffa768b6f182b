import type { Clock } from './clock.ts'
import type { Report } from './report/report.ts'
import type {
  BackupSettings,
  DestroySettings,
  InstallSettings,
  RestoreSettings,
  Settings,
  StatusSettings,
  SweepSettings,
} from './settings.ts'

/** What a mode works with. */
export type Run<S extends Settings = Settings> = {
  settings: S
  report: Report
  /** Aborted when the runner cancels the job or the run's deadline is reached; its reason is a StackError. */
  signal: AbortSignal
  /** The run's private folder (mode 0700) below the runner's temp folder; removed when the run ends. */
  folder: string
  /** The runner's temp folder, for files that later steps of the job read; post removes what of it is secret. */
  keep: string
  clock: Clock
  /**
   * Asked once the lease is held and before anything is changed: whether what this run was started for is still
   * wanted. Tells GitHub that the work has begun.
   *
   * @throws Unwanted when it is not
   */
  begin(): Promise<void>
}

export type InstallRun = Run<InstallSettings>
export type BackupRun = Run<BackupSettings>
export type RestoreRun = Run<RestoreSettings>
export type StatusRun = Run<StatusSettings>
export type DestroyRun = Run<DestroySettings>
export type SweepRun = Run<SweepSettings> & {
  /** Whether a run ("41/1": id and attempt) has ended; undefined when nobody can tell. */
  hasEnded(run: string): Promise<boolean | undefined>
}

/** How a run that did not throw went. */
export type Outcome = {
  /** Whether anything was changed; false for a dry run and an empty plan. */
  changed: boolean
}
