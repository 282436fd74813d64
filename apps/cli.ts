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
  bidders: {
    does: 'simulated bidders of OpenRTB, good and bad',
    load: () => import('./commands/bidders.ts'),
  },
  catalog: {
    does: 'list and publish advertisers, campaigns, line items …',
    load: () => import('./commands/catalog.ts'),
  },
  ledger: { does: 'balances | entries | statement | explain', load: () => import('./commands/ledger.ts') },
  reconcile: { does: 'prove that the truths agree, or name why not', load: () => import('./commands/reconcile.ts') },
  explain: {
    does: 'why this ad, at this price: a selection decided again',
    load: () => import('./commands/explain.ts'),
  },
  'why-not': {
    does: 'why a line item was not chosen, or would not be for a request',
    load: () => import('./commands/why-not.ts'),
  },
  replay: { does: 'fold the log into a fresh ledger and compare digests', load: () => import('./commands/replay.ts') },
  report: { does: 'run a named report', load: () => import('./commands/report.ts') },
  migrate: {
    does: 'move an installation to other engines, or back, and prove that nothing changed',
    load: () => import('./commands/migrate.ts'),
  },
  'rotate-keys': {
    does: 'a new key for tokens; the ones before verify on',
    load: () => import('./commands/rotate-keys.ts'),
  },
  doctor: {
    does: 'check every engine and say what is wrong and what to do',
    load: () => import('./commands/doctor.ts'),
  },
};

function help(): string {
  const rows = Object.entries(commands).map(([name, { does }]) => `  ${name.padEnd(11)} ${does}`);
  return `adtally <command> [options]\n\n${rows.join('\n')}\n\nEvery command takes --help, and each that answers --json. Exit 0: it tallies; 1: a difference was found; 2: it could not run.\n`;
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help') {
    (name === undefined ? process.stderr : process.stdout).write(help());
    return name === undefined ? exitCodes.couldNotRun : exitCodes.tallies;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
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

/** What somebody can do something about is said in a sentence; anything else is a defect, and where it happened helps to mend it. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isAdtallyError(error)) {
    const { code, message, path } = error;
    return code === 'INVARIANT_BROKEN'
      ? (error.stack ?? message)
      : `${code}: ${message}${path === undefined || message.includes(path) ? '' : ` (${path})`}`;
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  const isKnown = syscall !== undefined || code === 'ERR_SQLITE_ERROR' || code?.startsWith('ERR_PARSE_ARGS') === true;
  return isKnown ? `${code}: ${error.message}` : (error.stack ?? error.message);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`);
  process.exitCode = exitCodes.couldNotRun;
}
