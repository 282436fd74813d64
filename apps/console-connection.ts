import { readSettings } from '../config/settings.ts';
import { AdtallyError } from '../domain/errors.ts';
import { ConsoleClient } from '../simulate/console-client.ts';
import { Wire } from '../simulate/wire.ts';

/** Options by which a command finds a running console. */
export const consoleOptions = {
  console: { type: 'string' },
  key: { type: 'string' },
} as const;

/** Lines of a usage text about them. */
export const consoleUsage = `  --console URL    private side (default: CONSOLE_HOST and CONSOLE_PORT)
  --key KEY        (default: CONSOLE_KEY from the environment)`;

/** Works with the running console. Errors: `BAD_SETTING` without a key, `NOT_READY` if nothing answers. */
export async function withConsole<T>(
  { console: given, key: givenKey }: { readonly console?: string | undefined; readonly key?: string | undefined },
  work: (client: ConsoleClient) => Promise<T>,
): Promise<T> {
  const { consoleHost, consolePort } = readSettings(process.env);
  const url = given ?? `http://${consoleHost}:${consolePort}`;
  const key = givenKey ?? process.env['CONSOLE_KEY'] ?? '';
  if (key === '') {
    throw new AdtallyError('BAD_SETTING', 'give a key of the console by --key or CONSOLE_KEY; `npm start` prints them');
  }
  const wire = new Wire();
  try {
    const { status } = await wire.send({ method: 'GET', url: `${url}/healthz`, headers: {}, from: null });
    if (status !== 200) {
      throw new AdtallyError(
        'NOT_READY',
        `no console answers on ${url}: start the platform, or name it with --console`,
      );
    }
    return await work(new ConsoleClient({ wire, url, key }));
  } finally {
    await wire.close();
  }
}
