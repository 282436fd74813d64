import { describe, expect, it } from 'vitest';
import { judgeAudit } from './dependency-audit.ts';

const answer = (counts: object, vulnerabilities: object = {}) =>
  JSON.stringify({ vulnerabilities, metadata: { vulnerabilities: counts } });

describe('The audit of dependencies', () => {
  it('passes what has no findings, or none that are grave', () => {
    expect(judgeAudit(answer({ info: 0, low: 0, high: 0, critical: 0, total: 0 }))).toEqual({
      status: 'clean',
      sentence: 'runtime dependencies: no findings',
    });
    expect(judgeAudit(answer({ moderate: 2, high: 0, total: 2 })).status).toBe('clean');
  });

  it.each(['high', 'critical'])('fails for a finding that is %s, and names what it is in', (severity) => {
    const verdict = judgeAudit(answer({ [severity]: 1, total: 1 }, { leftpad: { severity, range: '<1.2' } }));
    expect(verdict).toEqual({
      status: 'vulnerable',
      sentence: `runtime dependencies: 1 ${severity}: leftpad <1.2 (${severity})`,
    });
  });

  it.each(['', 'npm error', 'null', '{"statusCode":405,"uri":"https://registry.example/-/npm"}', '{"error":{}}'])(
    'says plainly that nothing was audited, and names no host, for %j',
    (output) => {
      const { status, sentence } = judgeAudit(output);
      expect([status, sentence.startsWith('NOT AUDITED')]).toEqual(['not audited', true]);
      expect(sentence).not.toContain('registry.example');
    },
  );
});
