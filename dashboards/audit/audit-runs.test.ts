import { expect, test } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../../adapters/simulated/disk.ts';
import { createSeededRandom } from '../../adapters/simulated/random.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { AuditRuns, type AuditWork } from './audit-runs.ts';

const disk = () => createSimulatedDisk({ random: createSeededRandom('disk') });

function world(work: AuditWork, kept = disk()) {
  const clock = createSimulatedClock();
  const random = createSeededRandom('audit');
  const runs = new AuditRuns({ disk: kept, clock, random, folder: '/runs', listed: ['result'], work });
  return { runs, clock, kept };
}

/** Work that waits until it is let go. */
function held() {
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const work: AuditWork = async (id, progress) => {
    void progress('reads');
    await gate;
    return { result: 'tallies', details: [id] };
  };
  return { work, letGo };
}

test('a run shows what it does, then its report, also to another process', async () => {
  const { work, letGo } = held();
  const { runs, kept } = world(work);
  const begun = await runs.start(null);
  expect(begun).toMatchObject({ status: 'running', finished_at: null });
  await expect.poll(() => runs.get(begun.id)).toMatchObject({ status: 'running', progress: 'reads' });
  expect(await runs.start(null)).toMatchObject({ id: begun.id });
  const ended = runs.run();
  letGo();
  expect(await ended).toMatchObject({ id: begun.id, status: 'finished', result: 'tallies', details: [begun.id] });
  const other = world(work, kept).runs;
  expect(await other.get(begun.id)).toEqual(await runs.get(begun.id));
  expect(await other.list()).toEqual([expect.objectContaining({ id: begun.id, result: 'tallies' })]);
  expect((await other.list())[0]).not.toHaveProperty('details');
});

test('what is started again by the same name is the same run', async () => {
  const { runs } = world(async () => ({ result: 'tallies' }));
  const first = await runs.start('a');
  await runs.run();
  expect((await runs.start('a')).id).toBe(first.id);
  expect((await runs.start('b')).id).not.toBe(first.id);
});

test('a run that could not be done says why, and the next one can be started', async () => {
  let broken = true;
  const { runs } = world(async () => {
    if (broken) throw new AdtallyError('LOG_UNAVAILABLE', 'the log is away');
    return { result: 'tallies' };
  });
  expect(await runs.run()).toMatchObject({ status: 'failed', problem: 'LOG_UNAVAILABLE: the log is away' });
  broken = false;
  expect(await runs.run()).toMatchObject({ status: 'finished' });
  expect((await runs.list()).map(({ status }) => status).sort()).toEqual(['failed', 'finished']);
});

test('a run whose process ended is a failed one', async () => {
  const { runs, kept } = world(() => new Promise(() => {}));
  const { id } = await runs.start(null);
  await expect.poll(() => kept.list('/runs')).toHaveLength(1);
  expect(await world(async () => ({}), kept).runs.get(id)).toMatchObject({ status: 'failed' });
});

test.each(['', '..', '../secrets', '01900000-0000-7000-8000-000000000001'])('there is no run %j', async (id) => {
  const { runs } = world(async () => ({}));
  await expect(runs.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
