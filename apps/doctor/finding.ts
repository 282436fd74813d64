/** One thing that was looked at: it is well, worth knowing, or wrong. */
export interface Finding {
  readonly level: 'ok' | 'note' | 'wrong';
  readonly what: string;
  readonly detail: string;
  /** What to do about it. */
  readonly advice: string | null;
}

export function well(what: string, detail: string): Finding {
  return { level: 'ok', what, detail, advice: null };
}

export function note(what: string, detail: string, advice: string | null = null): Finding {
  return { level: 'note', what, detail, advice };
}

export function wrong(what: string, detail: string, advice: string): Finding {
  return { level: 'wrong', what, detail, advice };
}

/** The worst of them. */
export function worst(findings: readonly Finding[]): Finding['level'] {
  for (const level of ['wrong', 'note'] as const) if (findings.some((finding) => finding.level === level)) return level;
  return 'ok';
}

export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${code}: ${error.message}` : error.message;
}

/** Looks at something; what keeps it from being looked at is itself a finding, so that one damaged thing hides no other. */
export async function examined(
  what: string,
  advice: string,
  look: () => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    return [wrong(what, sentenceOf(error), advice)];
  }
}
