import { isAdtallyError } from '../../domain/errors.ts';

const mostCauses = 3;
const longestStack = 4_000;

/** What an error says, with what caused it, and where a defect happened: the frames of its stack with paths as they are in the house. */
export function describeFailure(error: unknown, house: string): { readonly message: string; readonly stack: string } {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < mostCauses) {
    causes.push(sentenceOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  const message = [sentenceOf(error), ...causes].join('; because ');
  const frames = error instanceof Error ? framesOf(error.stack ?? '', house) : '';
  return { message, stack: frames.slice(0, longestStack) };
}

function sentenceOf(error: unknown): string {
  if (isAdtallyError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Lines that say where, without the message, which is said elsewhere. */
function framesOf(stack: string, house: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim().replaceAll('file://', '').replaceAll(`${house}/`, ''))
    .join('\n');
}
