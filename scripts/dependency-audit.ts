/** What the answer of `npm audit --omit=dev --json` means for a check. */
export interface AuditVerdict {
  readonly status: 'clean' | 'vulnerable' | 'not audited';
  readonly sentence: string;
}

interface Answer {
  readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> };
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity?: string; readonly range?: string }>>;
  readonly statusCode?: number;
}

const grave = ['high', 'critical'];

/**
 * Judges the answer: `vulnerable` if a runtime dependency has a finding that is high or critical. An endpoint that did not answer is `not audited`, and the sentence
 * says so; it names no host.
 */
export function judgeAudit(output: string): AuditVerdict {
  const answer = read(output);
  const counts = answer?.metadata?.vulnerabilities;
  if (answer === null || counts === undefined) {
    const why = answer?.statusCode === undefined ? 'it gave no answer' : `it answered with ${answer.statusCode}`;
    return {
      status: 'not audited',
      sentence: `NOT AUDITED: the audit endpoint of the registry could not be used (${why})`,
    };
  }
  const found = Object.entries(counts).filter(([severity, count]) => severity !== 'total' && count > 0);
  const summary = found.map(([severity, count]) => `${count} ${severity}`).join(', ') || 'no findings';
  const worst = Object.entries(answer.vulnerabilities ?? {}).filter(([, { severity = '' }]) =>
    grave.includes(severity),
  );
  if (!grave.some((severity) => (counts[severity] ?? 0) > 0))
    return { status: 'clean', sentence: `runtime dependencies: ${summary}` };
  const named = worst.map(([name, { severity, range }]) => `${name} ${range ?? ''} (${severity})`).join(', ');
  return { status: 'vulnerable', sentence: `runtime dependencies: ${summary}: ${named}` };
}

function read(output: string): Answer | null {
  try {
    const value: unknown = JSON.parse(output);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null; // no JSON: npm never came to an answer
  }
}
