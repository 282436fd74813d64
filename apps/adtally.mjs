#!/usr/bin/env node
/** The `adtally` command: runs `cli.ts`, under the Node 24 that came with the dependencies if the machine's own is older. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const minimumMajor = 24;
const cli = new URL('./cli.ts', import.meta.url);

/** @param {string} node path of the interpreter to run the command with, passing signals on and the exit code back */
function runUnder(node) {
  const child = spawn(node, [fileURLToPath(cli), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

if (Number.parseInt(process.versions.node, 10) >= minimumMajor) {
  await import(cli.href);
} else {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const packaged = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const node = fileURLToPath(new URL(`../node_modules/${packaged}/bin/node${suffix}`, import.meta.url));
  if (existsSync(node)) {
    runUnder(node);
  } else {
    process.stderr.write(
      `Adtally needs Node ${minimumMajor}; this is Node ${process.versions.node}, and none is in node_modules. Run \`npm ci\` first, or install Node ${minimumMajor}.\n`,
    );
    process.exitCode = 2;
  }
}
