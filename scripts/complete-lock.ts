/**
 * Completes package-lock.json with the optional packages of other platforms, which npm leaves out when it locks with a node_modules
 * in place (npm/cli issue 4828) or against a mirror that lacks them, and without which `npm ci` refuses the lock elsewhere. Each is pinned exactly by
 * the package that wants it; what it is made for is in its name. `--check` writes nothing and exits 1 if some are missing.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Locked {
  readonly version?: string;
  readonly optional?: boolean;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Platform {
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc?: readonly string[];
}

const lockFile = new URL('../package-lock.json', import.meta.url);
const exactVersion = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];
const libraries: Readonly<Record<string, string>> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  musl: 'musl',
  musleabihf: 'musl',
};

/** @returns the platform that a name such as `@oxlint/binding-linux-arm64-musl` ends in, or undefined if it names none */
function platformOf(name: string): Platform | undefined {
  const words = name.split(/[-/]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (!os || !cpu) return undefined;
  const libc = os === 'linux' ? words.map((word) => libraries[word]).find(Boolean) : undefined;
  return { cpu: [cpu], ...(libc && { libc: [libc] }), os: [os] };
}

/** @returns a lock entry with its keys in npm's order */
function entryOf(version: string, { cpu, libc, os }: Platform, isDevelopment: boolean): Locked {
  return { version, cpu, ...(isDevelopment && { dev: true }), ...(libc && { libc }), optional: true, os };
}

/** @returns entries for the optional packages that some locked package wants and the lock lacks */
function missingFrom(packages: Readonly<Record<string, Locked>>): Record<string, Locked> {
  const missing: Record<string, Locked> = {};
  for (const [path, locked] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(locked.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      const isLocked = packages[`node_modules/${name}`] ?? packages[`${path}/node_modules/${name}`];
      if (!platform || isLocked || !exactVersion.test(version)) continue;
      missing[`node_modules/${name}`] = entryOf(version, platform, locked.dev === true);
    }
  }
  return missing;
}

const lock: { packages: Record<string, Locked> } = JSON.parse(readFileSync(lockFile, 'utf8'));
const missing = missingFrom(lock.packages);
const names = Object.keys(missing).map((path) => path.replace('node_modules/', ''));
if (names.length > 0 && process.argv.includes('--check')) {
  console.error(`package-lock.json lacks ${names.join(', ')}: run \`npm run lock\`.`);
  process.exitCode = 1;
} else if (names.length > 0) {
  const paths = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(lockFile, `${JSON.stringify({ ...lock, packages: Object.fromEntries(paths) }, null, 2)}\n`);
  console.log(`Added ${names.length} packages of other platforms to package-lock.json.`);
}
