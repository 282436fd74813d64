import { describe, expect, it } from 'vitest';
import { AdtallyError } from '../../domain/errors.ts';
import { isLogCode } from '../../domain/log-codes.ts';
import { createSimulatedClock } from '../simulated/clock.ts';
import { createLogger, type LoggerOptions } from './logger.ts';
import { createRedaction } from './redaction.ts';

function open(changes: Partial<LoggerOptions> = {}) {
  const clock = createSimulatedClock({ startMs: Date.UTC(2026, 10, 22, 8) });
  const lines: string[] = [];
  const levels: string[] = [];
  const logger = createLogger({
    format: 'text',
    level: 'info',
    process: 'serve',
    clock,
    redact: createRedaction({ secrets: ['topsecretkey'] }),
    house: '/srv/adtally',
    write: (line, level) => {
      lines.push(line);
      levels.push(level);
    },
    ...changes,
  });
  return { clock, lines, levels, logger };
}

describe('The log of a process', () => {
  it('says news as a sentence, and with the code what somebody should look up', () => {
    const { logger, lines, levels } = open();
    logger.say('info', 'PROCESS_STARTED', 'node-1 listens on http://127.0.0.1:8080');
    logger.say('warn', 'SHARD_UNWELL', 'persons/1 retries', { shard: 1 });
    logger.failure(new AdtallyError('LOG_UNAVAILABLE', 'no broker answers'));
    expect(lines).toEqual([
      'serve: node-1 listens on http://127.0.0.1:8080\n',
      'serve: persons/1 retries (SHARD_UNWELL) shard=1\n',
      'serve: LOG_UNAVAILABLE: no broker answers\n',
    ]);
    expect(levels).toEqual(['info', 'warn', 'warn']);
  });

  it('has the same names in every line of JSON', () => {
    const { logger, lines } = open({ format: 'json', base: () => ({ node: 'node-1', boot: 'b1' }) });
    logger.say('warn', 'WAITS', 'waits', { selection_id: 's1', trace_id: 't1', code: 'FORGED', process: 'forged' });
    expect(lines[0]).toMatch(/^\{[^\n]*\}\n$/);
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      level: 'warn',
      time: '2026-11-22T08:00:00.000Z',
      process: 'serve',
      node: 'node-1',
      boot: 'b1',
      code: 'WAITS',
      message: 'waits',
      selection_id: 's1',
      trace_id: 't1',
    });
  });

  it('shows where a defect happened, with paths as they are in the house, and only there', () => {
    const { logger, lines } = open();
    const defect = new TypeError('x is not a function of topsecretkey');
    defect.stack = `TypeError: topsecretkey\n    at run (file:///srv/adtally/serving/a.ts:1:2)\n    at topsecretkey (/srv/adtally/b.ts:1:2)`;
    logger.failure(defect);
    logger.failure(new AdtallyError('BAD_SETTING', 'no', { cause: new Error('that') }));
    expect(lines).toEqual([
      'serve: TypeError: x is not a function of [secret] (DEFECT)\n    at run (serving/a.ts:1:2)\n    at [secret] (b.ts:1:2)\n',
      'serve: BAD_SETTING: no; because Error: that\n',
    ]);
  });

  it('lets nobody write a line of their own', () => {
    const { logger, lines } = open();
    logger.say('warn', 'WAITS', 'a\nserve: all is well\u001b[2K\u2028b', { path: 'x\r\ny' });
    expect(lines).toEqual(['serve: a serve: all is well [2K b (WAITS) path=x y\n']);
  });

  it('writes at most five lines of a code in a second, and says how many it left out', async () => {
    const { logger, lines, clock } = open();
    for (let nth = 0; nth < 10_000; nth += 1) logger.say('warn', 'TOKEN_FORGED', `beacon number ${nth} of many`);
    logger.say('warn', 'WAITS', 'another code has its own room');
    expect(lines).toHaveLength(6);
    await clock.advance(1_000);
    expect(lines.at(-1)).toBe(
      'serve: 9995 further lines of TOKEN_FORGED were left out (LINES_LEFT_OUT) of=TOKEN_FORGED count=9995\n',
    );
    logger.say('warn', 'TOKEN_FORGED', 'in the next second there is room again');
    expect(lines).toHaveLength(8);
  });

  it('says what goes on once in ten seconds', async () => {
    const { logger, lines, clock } = open();
    for (let second = 0; second < 20; second += 1) {
      logger.say('warn', 'WAITS', 'the log is out of reach');
      await clock.advance(1_000);
    }
    expect(lines.filter((line) => line.includes('out of reach'))).toHaveLength(2);
    const leftOut = lines.flatMap((line) => /count=(\d+)/.exec(line)?.[1] ?? []).map(Number);
    expect(leftOut.reduce((sum, count) => sum + count, 0)).toBe(18);
  });

  it('says again what became so again', async () => {
    const { logger, lines, clock } = open();
    for (const shards of ['0 1', 'none', '0 1']) {
      logger.say('info', 'SHARDS_OWNED', `writes the ledgers of shards ${shards}`);
      await clock.advance(300);
    }
    expect(lines).toHaveLength(3);
    expect(lines.at(-1)).toBe('serve: writes the ledgers of shards 0 1\n');
  });

  it('keeps a secret out even where its text is cut', () => {
    const { logger, lines } = open();
    logger.say('warn', 'WAITS', `${'x '.repeat(997)}topsecretkey and more`);
    expect(lines[0]).not.toContain('tops');
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = open({ level: 'warn' });
    logger.say('info', 'PROCESS_STARTED', 'news');
    logger.say('error', 'DEFECT', 'trouble');
    expect(lines).toEqual(['serve: trouble (DEFECT)\n']);
  });

  it('knows its codes', () => {
    expect(['WAITS', 'BUFFER_FULL', 'toString'].map(isLogCode)).toEqual([true, true, false]);
  });
});
