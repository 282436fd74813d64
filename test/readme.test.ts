import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingRows } from '../config/settings.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('lists every setting with its default and meaning, and no other', () => {
    const listed = readme.split('\n').filter((line) => /^\| `[A-Z_]+` \|/.test(line));
    const wanted = settingRows().map(
      ({ variable, fallback, meaning }) =>
        `| \`${variable}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${meaning} |`,
    );
    expect(listed).toEqual(wanted);
  });

  it('names no file that is not there', () => {
    const links = [...readme.matchAll(/\]\(([^)#h][^)#]*)\)/g)].map((match) => match[1] as string);
    expect(links.length).toBeGreaterThan(5);
    const missing = links.filter((link) => !existsSync(new URL(`../${link}`, import.meta.url)));
    expect(missing).toEqual([]);
  });
});
