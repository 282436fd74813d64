/**
 * A page on which Prebid.js asks Adtally: `node scripts/prebid-example.ts [--adtally http://127.0.0.1:8080] [--port 8091]`. Prebid.js is bundled with its
 * adapter for Prebid Servers and with the adapter in `integrations/prebid`, out of the npm package `prebid.js`, which is a development package.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'integrations/prebid');
const prebid = join(root, 'node_modules/prebid.js/dist/src');
const adapter = join(source, 'adtallyBidAdapter.js');
/** Adapters live in Prebid's folder `modules`, and name what they take from it as seen from there. */
const fromModules = /^\.\.\/(src|libraries)\//;
const modules = [
  'prebidServerBidAdapter',
  'currency',
  'nativeRendering',
  'consentManagementTcf',
  'consentManagementGpp',
];
const entry = '\0prebid-of-the-example';

/** Prebid.js with the modules that the example needs, as one script that sets `window.pbjs`. */
export async function bundlePrebid(): Promise<string> {
  const imports = [...modules.map((name) => join(prebid, `public/${name}.js`)), adapter];
  const lines = imports.map((path) => `import ${JSON.stringify(path)};`);
  const code = [
    `import pbjs from ${JSON.stringify(join(prebid, 'src/prebid.public.js'))};`,
    ...lines,
    'pbjs.processQueue();',
  ];
  const bundle = await rolldown({
    input: entry,
    platform: 'browser',
    logLevel: 'silent',
    plugins: [
      {
        name: 'prebid-of-the-example',
        resolveId(id, importer) {
          if (id === entry) return id;
          return importer === adapter && fromModules.test(id) ? join(prebid, id.slice('../'.length)) : null;
        },
        load: (id) => (id === entry ? code.join('\n') : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'iife' });
  await bundle.close();
  return output[0].code;
}

export interface PrebidPage {
  /** Where Adtally is, without a slash at the end. */
  readonly url: string;
  /** Id of the publisher of the page; empty: whom the domain says. */
  readonly publisher: string;
  /** Placement by format. */
  readonly placements: Readonly<Record<string, string>>;
}

/** Serves the page on the loopback interface. @param script what `bundlePrebid` gave @param port 0: any that is free */
export async function servePrebidPage(page: PrebidPage, script: string, port: number): Promise<Server> {
  const file = (name: string): Buffer => readFileSync(join(source, 'example', name));
  const files = new Map<string, readonly [type: string, body: Buffer | string]>([
    ['/', ['text/html; charset=utf-8', file('page.html')]],
    ['/page.js', ['text/javascript; charset=utf-8', file('page.js')]],
    ['/prebid.js', ['text/javascript; charset=utf-8', script]],
    ['/settings.json', ['application/json', JSON.stringify(page)]],
  ]);
  const server = createServer((request, response) => {
    const found = files.get(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (found === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': found[0] }).end(found[1]);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      adtally: { type: 'string', default: 'http://127.0.0.1:8080' },
      publisher: { type: 'string', default: '' },
      port: { type: 'string', default: '8091' },
    },
  });
  const placements = (await (await fetch(`${values.adtally}/sdk/example/placements.json`)).json()) as Record<
    string,
    string
  >;
  const page = { url: values.adtally, publisher: values.publisher, placements };
  const server = await servePrebidPage(page, await bundlePrebid(), Number(values.port));
  const { port } = server.address() as AddressInfo;
  console.log(
    `Prebid.js asks ${values.adtally}: http://127.0.0.1:${port}/?way=server and http://127.0.0.1:${port}/?way=client`,
  );
}
