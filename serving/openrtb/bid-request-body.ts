import { gunzipSync } from 'node:zlib';
import { AdtallyError } from '../../domain/errors.ts';
import { isDeeperThan } from './json-depth.ts';

/** Bounds of a bid request as it is sent and as it is unpacked. */
export const bodyLimits = { sentBytes: 256 * 1024, unpackedBytes: 512 * 1024, depth: 32 } as const;

/** The JSON of a body, unpacked if it is packed. Errors: `BODY_TOO_LARGE`, `BAD_JSON`, `VALIDATION_FAILED` if it is nested too deep, `UNSUPPORTED_MEDIA_TYPE`. */
export function readBody(sent: Buffer, encoding: string | undefined): unknown {
  const body = unpacked(sent, encoding?.trim().toLowerCase());
  if (isDeeperThan(body, bodyLimits.depth)) {
    throw new AdtallyError('VALIDATION_FAILED', `the bid request is nested deeper than ${bodyLimits.depth} levels`, {
      path: '',
    });
  }
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new AdtallyError('BAD_JSON', 'the body is no valid JSON', { cause: error });
  }
}

function unpacked(sent: Buffer, encoding: string | undefined): Buffer {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return sent;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new AdtallyError('UNSUPPORTED_MEDIA_TYPE', 'a body comes as it is or packed by gzip');
  }
  try {
    return gunzipSync(sent, { maxOutputLength: bodyLimits.unpackedBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new AdtallyError('BODY_TOO_LARGE', `a body is unpacked to at most ${bodyLimits.unpackedBytes} bytes`, {
        cause: error,
      });
    }
    throw new AdtallyError('BAD_JSON', 'the body is no valid gzip', { cause: error });
  }
}
