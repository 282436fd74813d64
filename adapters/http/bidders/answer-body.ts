import { gunzipSync } from 'node:zlib';

/** A body as it came → what it says. `encoding`: header Content-Encoding, lower case. */
export type Unpacked =
  | { readonly body: Uint8Array }
  | { readonly failure: 'too_large' | 'bad_encoding'; readonly detail: string };

/** Decompresses at most `maxBytes`: what would become longer is given up in the middle, so a bomb costs no more than an honest answer. */
export function unpack(packed: Buffer, encoding: string, maxBytes: number): Unpacked {
  if (encoding === '' || encoding === 'identity' || packed.length === 0) return { body: packed };
  if (encoding !== 'gzip' && encoding !== 'x-gzip')
    return {
      failure: 'bad_encoding',
      detail: `Content-Encoding ${JSON.stringify(encoding.slice(0, 40))} was not asked for`,
    };
  try {
    return { body: gunzipSync(packed, { maxOutputLength: maxBytes }) };
  } catch (error) {
    const tooLarge = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (tooLarge)
      return { failure: 'too_large', detail: `${packed.length} bytes of gzip become more than ${maxBytes}` };
    return { failure: 'bad_encoding', detail: `not gzip: ${String(error)}` };
  }
}
