import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Namespace, openNamespaces } from './namespaces.ts';

const opened = openNamespaces(['one', 'other']);
const reason = typeof opened === 'string' ? opened : null;
/** Shorter than a neighbour is looked for before the kernel says that there is none. */
const silentMs = 2_000;
/** For an answer that comes, on a busy machine too. */
const patienceMs = 30_000;
/** Says what it hears of a server, or that it hears nothing. */
const asking = `
  const [port, host, patienceMs] = process.argv.slice(1);
  const socket = require('node:net').connect(Number(port), host, () => socket.write('hello'));
  const say = (what) => { console.log(what); process.exit(); };
  socket.on('data', (text) => say(String(text))).on('error', ({ code }) => say(code));
  setTimeout(() => say('silence'), Number(patienceMs));
`;

describe.skipIf(reason !== null)(
  `A process in a network of its own${reason === null ? '' : `, skipped: ${reason}`}`,
  () => {
    let echo: Server;

    beforeAll(async () => {
      if (typeof opened === 'string') return;
      echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, opened.address);
      await once(echo, 'listening');
    });
    afterAll(() => {
      if (typeof opened === 'string') return;
      echo.close();
      opened.remove();
    });

    function namespaceOf(name: string): Namespace {
      const found = typeof opened === 'string' ? undefined : opened.of.get(name);
      if (found === undefined) throw new Error(`there is no namespace ${name}`);
      return found;
    }

    async function askFrom(name: string, waitMs = patienceMs): Promise<string> {
      const { address, port } = echo.address() as AddressInfo;
      const program = [process.execPath, '-e', asking, `${port}`, address, `${waitMs}`];
      const [command = '', ...args] = [...namespaceOf(name).wrapper, ...program];
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      await once(child, 'exit');
      return said.trim();
    }

    test('reaches this side, however slowly', async () => {
      expect(await askFrom('one')).toBe('hello');
      namespaceOf('one').cut('slow');
      expect(await askFrom('one')).toBe('hello');
      namespaceOf('one').heal();
    });

    test.each([
      ['silent', 'silence'],
      ['link_down', 'ENETUNREACH'],
    ] as const)(
      'whose network is cut (%s) reaches nobody; its neighbour does, and it does again once it is healed',
      async (how, heard) => {
        namespaceOf('one').cut(how);
        expect(await Promise.all([askFrom('one', silentMs), askFrom('other')])).toEqual([heard, 'hello']);
        namespaceOf('one').heal();
        expect(await askFrom('one')).toBe('hello');
      },
    );
  },
);
