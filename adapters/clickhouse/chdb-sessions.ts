import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type ClickHouseClientConfigOptions, createClient } from '@clickhouse/client';
import { quiet, type Sessions, type SessionSettings } from './sessions.ts';

type Connection = NonNullable<ClickHouseClientConfigOptions['connection']>;
/** The processes of one machine share its cores. */
const shared: SessionSettings = { max_threads: 2 };

/**
 * Sessions on the engine within this process, which allows one folder a process and one process a folder. Loading it takes the event loop
 * for some 100 ms once its library is in memory.
 */
export async function chdbSessions(path: string): Promise<Sessions> {
  await readIntoPageCache(engineLibrary());
  const { createChdbConnection } = await import('chdb/connection');
  return {
    open: async ({ settings, database = 'default', forAnalyst = false }) => {
      // The engine implements the interface of the common package, of which the client carries its own copy: same but for optional fields.
      const connection = createChdbConnection({ path }) as unknown as Connection;
      const client = createClient({ connection, log: quiet });
      await client.command({ query: `USE ${database}` });
      await client.command({ query: setStatement({ ...shared, ...settings, ...(forAnalyst && { readonly: 1 }) }) });
      return client;
    },
  };
}

/** `readonly` comes last: after it nothing can be set. */
function setStatement(settings: SessionSettings): string {
  const names = Object.keys(settings).toSorted((a, b) => Number(a === 'readonly') - Number(b === 'readonly'));
  return `SET ${names.map((name) => `${name} = ${literal(settings[name] ?? '')}`).join(', ')}`;
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** Path of the engine's shared library (550 MB), or null if this package brings it differently. */
function engineLibrary(): string | null {
  const fromHere = createRequire(import.meta.url);
  const fromChdb = createRequire(fromHere.resolve('chdb/package.json'));
  const libc = process.platform === 'linux' ? '-gnu' : '';
  try {
    const folder = dirname(fromChdb.resolve(`@chdb/lib-${process.platform}-${process.arch}${libc}/package.json`));
    return join(folder, process.platform === 'linux' ? 'libchdb.so' : 'libchdb.dylib');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/**
 * Reads a file without keeping it. Mapping the library from a cold disk held the event loop for 7 s; once the system has it in memory,
 * 0.1 s. These reads run beside the loop.
 */
async function readIntoPageCache(path: string | null): Promise<void> {
  if (path === null) return;
  const chunk = Buffer.allocUnsafe(4 << 20);
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    while ((await file.read(chunk, 0, chunk.length)).bytesRead > 0);
  } finally {
    await file.close();
  }
}
