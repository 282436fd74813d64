/**
 * Runs before the npm scripts, under whatever Node the machine has: makes sure that the packages that package-lock.json names are
 * installed, and that the script that follows will find a Node 24. Plain JavaScript, since an old Node can't strip types.
 *
 *   node scripts/bootstrap.mjs runtime       what `npm start` needs: no development packages
 *   node scripts/bootstrap.mjs development   everything
 *
 * It only ever adds: development packages that are there stay, whichever script runs.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ version?: string, integrity?: string, dev?: boolean, devOptional?: boolean, optional?: boolean,
 *   os?: string | string[], cpu?: string | string[], libc?: string | string[] }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages by path, such as `node_modules/fastify`
 */

const minimumNode = { major: 20, minor: 19 };
const requiredNode = 24;
const nodePackages = ['linux-x64', 'linux-arm64', 'win32-x64'];
const installedMegabytes = { runtime: 825, development: 1240 };
const progressIntervalMs = 2000;

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const installedLock = join(modules, '.package-lock.json');

/** @param {string} path @returns {LockedPackages} */
function readLock(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/** @param {string | string[] | undefined} rule `os`, `cpu` or `libc` of a package: names, or `!` and a name @param {string} value */
function allows(rule, value) {
  const names = rule ? [rule].flat() : [];
  const isPositive = names.some((name) => !name.startsWith('!'));
  return names.length === 0 || (isPositive ? names.includes(value) : !names.includes(`!${value}`));
}

/** @returns {string} the C library of this machine in package.json's words */
function libcHere() {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return header.glibcVersionRuntime ? 'glibc' : 'musl';
}

/**
 * Whether a complete installation may lack the package: it is optional, and not made for this very machine. What an optional package of
 * another platform depends on says so only by being optional.
 * @param {LockedPackage} locked
 */
function mayBeMissing(locked) {
  if (!locked.optional && !locked.devOptional) return false;
  if (!locked.os || !locked.cpu) return true;
  return !allows(locked.os, process.platform) || !allows(locked.cpu, process.arch) || !allows(locked.libc, libcHere());
}

/** @param {LockedPackages} wanted @param {LockedPackages} present @param {boolean} withDevelopment */
function isComplete(wanted, present, withDevelopment) {
  return Object.entries(wanted).every(([path, locked]) => {
    const installed = present[path];
    if (installed) return installed.version === locked.version && installed.integrity === locked.integrity;
    const isDevelopment = locked.dev || locked.devOptional;
    return path === '' || (isDevelopment && !withDevelopment) || mayBeMissing(locked);
  });
}

/** @param {string} directory @returns {number} bytes of all files below it; files that vanish meanwhile count nothing */
function bytesBelow(directory) {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    try {
      if (entry.isDirectory()) bytes += bytesBelow(path);
      else if (entry.isFile()) bytes += statSync(path).size;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    }
  }
  return bytes;
}

/** @returns {number} */
function installedNow() {
  return existsSync(modules) ? Math.round(bytesBelow(modules) / 1e6) : 0;
}

/** Prints how much is there every few seconds. @param {number} expected megabytes @returns {() => void} stops it */
function showProgress(expected) {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    process.stdout.write(`  ${installedNow()} of about ${expected} MB, ${seconds} s\n`);
  }, progressIntervalMs);
  return () => clearInterval(timer);
}

/** @param {string[]} args @returns {Promise<number>} npm's exit code */
function npm(args) {
  // The Node that npm itself runs on, never the one in node_modules that is about to be replaced.
  const node = process.env['npm_node_execpath'] ?? process.execPath;
  const script = process.env['npm_execpath'];
  const command = script ? [node, script, ...args] : ['npm', ...args];
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: !script,
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** @param {boolean} withDevelopment */
async function install(withDevelopment) {
  const expected = withDevelopment ? installedMegabytes.development : installedMegabytes.runtime;
  const what = withDevelopment ? 'all packages' : 'the packages needed to run (no development packages)';
  process.stdout.write(`Installing ${what}: about ${expected} MB, most of it the analytical database. Once only.\n`);
  const stopProgress = showProgress(expected);
  // A complete tree is amended, a missing or half-written one is made anew. No package needs its install script.
  const verb = existsSync(installedLock) ? ['install', '--no-save'] : ['ci'];
  const scope = withDevelopment ? '--include=dev' : '--omit=dev';
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const code = await npm([...verb, scope, ...quiet]);
  stopProgress();
  if (code !== 0) fail(`Installing the packages failed (npm ended with ${code}); its message is above.`);
  process.stdout.write(`Installed: ${installedNow()} MB in node_modules.\n`);
}

/** @param {string} sentence @returns {never} */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** Stops with a sentence where no suitable Node can be had, before anything is downloaded. */
function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const machine = `${process.platform}-${process.arch}`;
  if (major < minimumNode.major || (major === minimumNode.major && minor < minimumNode.minor)) {
    fail(
      `Adtally needs Node ${minimumNode.major}.${minimumNode.minor} or newer to install; this is Node ${process.versions.node}.`,
    );
  }
  if (major < requiredNode && !nodePackages.includes(machine)) {
    fail(
      `Adtally runs on Node ${requiredNode}; this is Node ${process.versions.node}, and npm has no Node ${requiredNode} for ${machine}. ` +
        `Please install Node ${requiredNode} yourself (nodejs.org, or \`brew install node@${requiredNode}\` on macOS) and run the command again.`,
    );
  }
}

const mode = process.argv[2];
if (mode !== 'runtime' && mode !== 'development') fail('Usage: node scripts/bootstrap.mjs runtime|development');
checkNode();
const wanted = readLock(join(root, 'package-lock.json'));
const present = existsSync(installedLock) ? readLock(installedLock) : {};
const hasDevelopment = Object.entries(wanted).some(([path, locked]) => locked.dev && existsSync(join(root, path)));
const withDevelopment = mode === 'development' || hasDevelopment;
if (!isComplete(wanted, present, withDevelopment)) await install(withDevelopment);
