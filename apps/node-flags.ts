/**
 * How Node is started for a process of the platform. Requests wait some ms for a sync, so that in a small young generation what belongs to them
 * survives collection after collection and is moved each time: with 64 MiB a beacon costs a fifth less (docs/decisions).
 */
export const nodeFlags: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'];
