import { parseArgs } from 'node:util';
import type { Command } from '../exit-codes.ts';
import type { ProcessKind } from '../supervisor.ts';

const modules: Record<ProcessKind, () => Promise<unknown>> = {
  serve: () => import('../serve.ts'),
  streams: () => import('../streams.ts'),
  console: () => import('../console.ts'),
};

/** A command that runs one process of the platform in the foreground; the module starts itself and stops on SIGINT or SIGTERM. */
export function processCommand(name: ProcessKind): { command: Command } {
  return {
    command: {
      usage: `adtally ${name}\n\nSettings come from the environment; the README has their table.`,
      async run(args) {
        parseArgs({ args: [...args], options: {}, strict: true });
        await modules[name]();
        return 0;
      },
    },
  };
}
