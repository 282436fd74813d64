import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AdtallyError } from '../domain/errors.ts';
import type { BidderCounts } from '../simulate/bidders/bidder-tally.ts';
import type { ShownBidder } from '../simulate/bidders/bidder-field.ts';
import type { Profile } from '../simulate/bidders/profiles.ts';

/** Simulated bidders in a process of their own, so that their answers wait for nobody else's work. */
export interface BidderProcess {
  readonly pid: number;
  readonly controlUrl: string;
  readonly bidders: readonly ShownBidder[];
  counts(options?: { readonly details?: boolean }): Promise<Readonly<Record<string, BidderCounts>>>;
  change(name: string, to: Partial<Profile> & { readonly class?: string; readonly addMs?: number }): Promise<void>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** `args`: options of `adtally bidders`. Error: `NOT_READY` if it ends before it listens. */
export async function startBidderProcess(args: readonly string[]): Promise<BidderProcess> {
  const cli = fileURLToPath(new URL('cli.ts', import.meta.url));
  // The channel ends with whoever started it, and the child with the channel.
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'] as const;
  const child = spawn(process.execPath, [cli, 'bidders', '--json', ...args], { stdio: [...stdio] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const first = await Promise.race([once(lines, 'line'), ended.then(() => null)]);
  if (first === null || child.pid === undefined) throw new AdtallyError('NOT_READY', 'simulated bidders did not start');
  const { control, bidders } = JSON.parse(String(first[0])) as { control: string; bidders: ShownBidder[] };
  const ask = async (path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(
      `${control}${path}`,
      body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
    );
    if (answer.status !== 200) throw new AdtallyError('HTTP_FAILED', `bidders ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    pid: child.pid,
    controlUrl: control,
    bidders,
    counts: async ({ details = false } = {}) =>
      (await ask(`/counts?details=${details}`)) as Readonly<Record<string, BidderCounts>>,
    change: async (name, to) => void (await ask(`/bidders/${name}`, to)),
    reset: async () => void (await ask('/reset', {})),
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}
