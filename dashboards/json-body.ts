import { AdtallyError } from '../domain/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a JSON body. Error: `BAD_JSON` for bytes that are no UTF-8, and for escapes of half a character (`\ud800`), which no record can hold:
 * they would come back as another text.
 */
export function decodeJsonText(body: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch (cause) {
    throw new AdtallyError('BAD_JSON', 'the body is no valid UTF-8', { cause });
  }
  if (hasLoneSurrogate(text)) throw new AdtallyError('BAD_JSON', 'the body has an escape of half a character');
  return text;
}

const escapedUnits = /\\(?:\\|u([0-9a-fA-F]{4}))/g;

function hasLoneSurrogate(text: string): boolean {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return false;
  const units = text.replaceAll(escapedUnits, (escape, unit: string | undefined) =>
    unit === undefined ? escape : String.fromCharCode(Number.parseInt(unit, 16)),
  );
  return !units.isWellFormed();
}
