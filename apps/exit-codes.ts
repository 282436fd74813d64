/** Exit codes: it tallies; it ran and found a difference; it could not run. */
export const exitCodes = { tallies: 0, differs: 1, couldNotRun: 2 } as const;

/** A command of the command line: its arguments without the name, and the exit code it resolves with. */
export interface Command {
  readonly usage: string;
  readonly run: (args: readonly string[]) => Promise<number>;
}
