import { expect, it } from 'vitest';
import { acceptedType } from './accepted-type.ts';

const offered = ['application/json', 'application/x-ndjson', 'text/csv'] as const;

it.each([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['text/html', 'application/json'],
  ['text/csv', 'text/csv'],
  ['TEXT/CSV; charset=utf-8', 'text/csv'],
  ['text/*', 'text/csv'],
  ['application/x-ndjson', 'application/x-ndjson'],
  ['application/json;q=0.5, text/csv', 'text/csv'],
  ['text/csv;q=0, */*;q=0.1', 'application/json'],
  ['application/json;q=0.2, application/x-ndjson;q=0.9, text/csv;q=0.5', 'application/x-ndjson'],
  ['text/csv;q=nonsense', 'application/json'],
])('Accept: %s is answered in %s', (accept, type) => {
  expect(acceptedType(accept, offered)).toBe(type);
});
