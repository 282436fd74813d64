/**
 * The house's own lint rules, loaded by oxlint (`.oxlintrc.json`): which folder may import which, and what only adapters may touch.
 * The map below is docs/ARCHITECTURE.md in a form that a machine can hold against the code.
 */
import { dirname, relative, resolve, sep } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** Folder → the folders that it may import besides itself. `reconcile` recounts independently, so it sees neither the folds nor serving. */
const mayImport: Readonly<Record<string, readonly string[] | 'anything'>> = {
  domain: [],
  ports: ['domain'],
  config: ['domain'],
  schemas: ['domain'],
  serving: ['domain', 'ports', 'config'],
  streams: ['domain', 'ports', 'config', 'ledger'],
  ledger: ['domain', 'ports', 'config'],
  reconcile: ['domain', 'ports', 'config'],
  dashboards: ['domain', 'ports', 'config'],
  simulate: ['domain', 'ports', 'config'],
  sdk: ['domain', 'ports', 'config'],
  adapters: ['domain', 'ports', 'schemas'],
  apps: 'anything',
  bench: 'anything',
  scripts: 'anything',
  test: 'anything',
};
/** What a test beside the source may import on top: engines to run on, simulated inputs, fixtures. */
const testsMayImport = ['adapters', 'simulate', 'test', 'schemas', 'scripts'];

const drivers = [
  '@clickhouse/client',
  '@eventstore/db-client',
  '@kafkajs/confluent-schema-registry',
  'chdb',
  'ioredis',
  'kafkajs',
  'node:sqlite',
  'undici',
];
const mayImportDrivers = ['adapters', 'bench', 'scripts', 'simulate', 'test'];

/** Node's modules that reach the disk, the network, other processes or the clock. */
const systemModules = [
  'node:child_process',
  'node:cluster',
  'node:dgram',
  'node:dns',
  'node:fs',
  'node:http',
  'node:http2',
  'node:https',
  'node:net',
  'node:timers',
  'node:tls',
];
const mayReachSystem = ['adapters', 'apps', 'bench', 'scripts', 'simulate', 'test'];
/** A page has no ports: the browser's clock and timers are all there is. */
const runsInPages = ['sdk', 'dashboards/browser', 'dashboards/web'];
/** What node:crypto offers that gives another answer each time. */
const chance = /^(random\w*|getRandomValues|webcrypto|generateKey\w*|default)$/;

interface Node {
  readonly type: string;
  readonly source?: { readonly value?: unknown } | null;
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly specifiers?: readonly { readonly type: string; readonly imported?: { readonly name?: string } }[];
  readonly callee?: { readonly type: string; readonly name?: string };
  readonly arguments?: readonly unknown[];
}
interface Context {
  readonly filename: string;
  report(problem: { node: Node; message: string }): void;
}
/** Where the file that is being linted stands. */
interface Place {
  readonly path: string;
  readonly folder: string;
  readonly isTest: boolean;
}
type Check = (imported: string, node: Node, place: Place) => string | undefined;

function pathInHouse(path: string): string {
  return relative(root, path).split(sep).join('/');
}

function placeOf(filename: string): Place {
  const path = pathInHouse(filename);
  return { path, folder: path.split('/')[0] ?? '', isTest: path.endsWith('.test.ts') };
}

/** @returns whether code in this place may use the system (clock, chance, disk, network) without a port */
function isOutside(place: Place): boolean {
  return (
    place.isTest ||
    !place.path.includes('/') ||
    mayReachSystem.includes(place.folder) ||
    runsInPages.some((folder) => place.path.startsWith(`${folder}/`))
  );
}

/** Whether `imported` is one of `modules` or a path below it: `node:fs/promises` counts as `node:fs`. */
function isOneOf(modules: readonly string[], imported: string): boolean {
  const named = imported.startsWith('node:') || imported.startsWith('@') ? [imported] : [imported, `node:${imported}`];
  return named.some((name) => modules.some((module) => name === module || name.startsWith(`${module}/`)));
}

const direction: Check = (imported, _node, place) => {
  if (!imported.startsWith('.') || !place.path.includes('/')) return undefined;
  const target = pathInHouse(resolve(root, dirname(place.path), imported)).split('/')[0] ?? '';
  const allowed = mayImport[place.folder];
  if (!allowed)
    return `The folder ${place.folder}/ is not on the map in scripts/boundaries.ts: add it with what it may import.`;
  if (allowed === 'anything' || target === place.folder || allowed.includes(target)) return undefined;
  if (place.isTest && testsMayImport.includes(target)) return undefined;
  return `${place.folder}/ must not import from ${target}/. It may import: ${allowed.join(', ') || 'nothing of ours'}.`;
};

const system: Check = (imported, node, place) => {
  if (isOneOf(drivers, imported)) {
    if (place.isTest || mayImportDrivers.includes(place.folder)) return undefined;
    return `Only adapters/ may import the driver ${imported}: go through a port.`;
  }
  if (isOutside(place) || node.importKind === 'type') return undefined;
  if (isOneOf(systemModules, imported)) return `${imported} belongs in adapters/: go through a port.`;
  if (!isOneOf(['node:crypto'], imported)) return undefined;
  const names = (node.specifiers ?? []).map((specifier) => specifier.imported?.name ?? 'default');
  const found = node.specifiers ? names.find((name) => chance.test(name)) : 'default';
  return found && `Import hashes by name from node:crypto; ${found} brings chance in: take the Random port.`;
};

/** Applies a check to every static import, re-export and dynamic import of a file. */
function onImports(check: Check) {
  return {
    create(context: Context) {
      const place = placeOf(context.filename);
      const visit = (node: Node): void => {
        const imported = node.source?.value;
        const message = typeof imported === 'string' ? check(imported, node, place) : undefined;
        if (message) context.report({ node, message });
      };
      return {
        ImportDeclaration: visit,
        ExportAllDeclaration: visit,
        ExportNamedDeclaration: visit,
        ImportExpression: visit,
      };
    },
  };
}

const noAmbientDate = {
  create(context: Context) {
    if (isOutside(placeOf(context.filename))) return {};
    const visit = (node: Node): void => {
      if (node.callee?.type !== 'Identifier' || node.callee.name !== 'Date') return;
      if (node.type === 'NewExpression' && node.arguments?.length) return;
      context.report({
        node,
        message: 'This reads the machine’s clock: take the time from the Clock port or from the record.',
      });
    };
    return { NewExpression: visit, CallExpression: visit };
  },
};

export default {
  meta: { name: 'adtally' },
  rules: {
    'import-direction': onImports(direction),
    'system-behind-ports': onImports(system),
    'no-ambient-date': noAmbientDate,
  },
};
