import { isAdtallyError } from '../domain/errors.ts';
import { type Command, exitCodes } from './exit-codes.ts';

// A command never imports this module: it would wait for it, and it for the command.

const commands: Record<string, { readonly does: string; readonly load: () => Promise<{ command: Command }> }> = {
  start: { does: 'the whole platform on this machine, supervised', load: () => import('./commands/start.ts') },
  serve: {
    does: 'one serving process',
    load: () => import('./commands/process.ts').then((m) => m.processCommand('serve')),
  },
  streams: {
    does: 'one streams process',
    load: () => import('./commands/process.ts').then((m) => m.processCommand('streams')),
  },
  console: {
    does: 'the console',
    load: () => import('./commands/process.ts').then((m) => m.processCommand('console')),
  },
  demo: {
    does: 'start, simulated traffic with every misbehaviour, a final reconciliation',
    load: () => import('./commands/demo.ts'),
  },
  simulate: {
    does: 'people, bots and faults against a running platform',
    load: () => import('./commands/simulate.ts'),
  },
  catalog: {
    does: 'list and publish advertisers, campaigns, line items …',
    load: () => import('./commands/catalog.ts'),
  },
  ledger: { does: 'balances | entries | statement | explain', load: () => import('./commands/ledger.ts') },
  reconcile: { does: 'prove that the truths agree, or name why not', load: () => import('./commands/reconcile.ts') },
  replay: { does: 'fold the log into a fresh ledger and compare digests', load: () => import('./commands/replay.ts') },
  report: { does: 'run a named report', load: () => import('./commands/report.ts') },
  doctor: {
    does: 'check every engine and say what is wrong and what to do',
    load: () => import('./commands/doctor.ts'),
  },
};

function help(): string {
  const rows = Object.entries(commands).map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`);
  return `adtally <command> [options]\n\n${rows.join('\n')}\n\nEvery command takes --json and --help. Exit 0: it tallies; 1: a difference was found; 2: it could not run.\n`;
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help') {
    process.stdout.write(help());
    return name === undefined ? exitCodes.couldNotRun : exitCodes.tallies;
  }
  const entry = commands[name];
  if (entry === undefined) {
    process.stderr.write(`unknown command ${JSON.stringify(name)}\n\n${help()}`);
    return exitCodes.couldNotRun;
  }
  const { command } = await entry.load();
  if (rest.includes('--help')) {
    process.stdout.write(`${command.usage}\n`);
    return exitCodes.tallies;
  }
  return command.run(rest);
}

// Whoever reads what we print may have seen enough: `adtally report | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = isAdtallyError(error) || (error instanceof TypeError && 'code' in error);
  process.stderr.write(
    known ? `${(error as { code?: string }).code}: ${(error as Error).message}\n` : `${(error as Error).stack}\n`,
  );
  process.exitCode = exitCodes.couldNotRun;
}
