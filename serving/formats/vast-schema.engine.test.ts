import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { mediaCreative } from '../../test/creative-arbitraries.ts';
import { issuedCreative } from '../../test/issued-creative.ts';
import { issuedOutside, player, vastAnswer } from '../../test/outside-content.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { readVastAnswer } from '../demand/vast-answer.ts';
import { xmlUrl } from './xml.ts';
import { adsOfDocument, vastDocument } from './vast.ts';

/** The file `vast_4.2.xsd` of the IAB Tech Lab, which is not part of this repository. */
const schema = process.env['VAST_SCHEMA'];
const isHere = schema !== undefined && spawnSync('xmllint', ['--version']).error === undefined;
const why = 'skipped without VAST_SCHEMA, the path of vast_4.2.xsd, and xmllint';

describe.skipIf(!isHere)(`VAST documents and the schema of the standard (${why})`, () => {
  const folder = makeTemporaryFolder();
  afterAll(() => folder.remove());

  /** What xmllint says against documents, of which the first lines are enough. */
  function faults(documents: readonly string[]): string[] {
    const files = documents.map((document, index) => {
      const file = join(folder.path, `${index}.xml`);
      // `xs:anyURI` knows no brackets: validated is what a player asks for, its macros filled.
      writeFileSync(file, document.replaceAll(/\[(ERRORCODE|CACHEBUSTING)\]/g, '900'));
      return file;
    });
    const { stderr, status } = spawnSync('xmllint', ['--noout', '--nonet', '--schema', schema ?? '', ...files], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const said = stderr.split('\n').filter((line) => line !== '' && !line.endsWith(' validates'));
    return status === 0 ? said : [`status ${status}`, ...said.slice(0, 10)];
  }

  test('are valid for 1,000 generated creatives, in line and wrappers, video and audio', () => {
    const documents = fc
      .sample(mediaCreative, { numRuns: 1_000, seed: 42 })
      .map((changes) => issuedCreative(changes).decision.markup);
    expect(documents.every((document) => document.includes('<VAST '))).toBe(true);
    expect(faults(documents)).toEqual([]);
  });

  test('are valid for what bidders of outside demand bring, in line and wrappers', () => {
    const urls = fc.sample(fc.webUrl({ validSchemes: ['https'], withQueryParameters: true }), {
      numRuns: 100,
      seed: 3,
    });
    const read = urls.flatMap((url, number) => {
      const changes = number % 2 === 0 ? { file: xmlUrl(url), impression: url } : { wrapper: url };
      const markup = vastAnswer({ ...changes, version: number % 3 === 0 ? '2.0' : '4.1' });
      return typeof readVastAnswer(markup, player) === 'string' ? [] : [issuedOutside(markup, 'video').decision.markup];
    });
    expect(read.length).toBeGreaterThan(20);
    expect(faults(read)).toEqual([]);
  });

  test('are valid as pods, and empty', () => {
    const ads = fc
      .sample(mediaCreative, { numRuns: 5, seed: 7 })
      .map((changes) => issuedCreative(changes).decision.markup);
    expect(faults([vastDocument(ads.map(adsOfDocument)), vastDocument([])])).toEqual([]);
  });

  test('are told from those that are not', () => {
    const { markup } = issuedCreative(fc.sample(mediaCreative, { numRuns: 1, seed: 1 })[0] ?? {}).decision;
    expect(faults([markup.replace('<AdSystem>', '<Error>https://a.example/</Error><AdSystem>')])).not.toEqual([]);
  });
});
