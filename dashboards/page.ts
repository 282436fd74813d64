import { AdtallyError } from '../domain/errors.ts';

/** Query parameters of every list. */
export const pageParameters = {
  limit: { type: 'string', pattern: '^[0-9]{1,4}$', description: 'How many items at most, 1 to 500; 100 if left out.' },
  cursor: { type: 'string', maxLength: 500, description: '`next_cursor` of the page before.' },
} as const;

const usualLimit = 100;
const mostItems = 500;

export function readLimit(text: string | undefined): number {
  if (text === undefined) return usualLimit;
  const limit = Number(text);
  if (limit >= 1 && limit <= mostItems) return limit;
  throw new AdtallyError('VALIDATION_FAILED', `limit is from 1 to ${mostItems}, not ${limit}`, { path: 'limit' });
}

/** JSON Schema of a list. */
export function listSchema(item: object): object {
  return {
    type: 'object',
    properties: {
      items: { type: 'array', items: item },
      next_cursor: { type: ['string', 'null'], description: 'Null on the last page.' },
    },
  };
}

/** Numbers as an opaque cursor. */
export function writeCursor(numbers: readonly number[]): string {
  return Buffer.from(numbers.join('.')).toString('base64url');
}

/** Error: `VALIDATION_FAILED` for what is no cursor of so many numbers. */
export function readCursor(text: string, count: number): number[] {
  const plain = Buffer.from(text, 'base64url').toString('latin1');
  const numbers = plain.split('.').map(Number);
  if (/^[0-9]{1,15}(\.[0-9]{1,15})*$/.test(plain) && numbers.length === count) return numbers;
  throw new AdtallyError('VALIDATION_FAILED', 'this is no cursor of this list', { path: 'cursor' });
}
