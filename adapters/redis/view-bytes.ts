import { AdtallyError } from '../../domain/errors.ts';
import type { View, ViewWrite } from '../../ports/view-store.ts';

/** A view as it stands in Redis: version and expiry (Unix ms, 0: never) as doubles, big endian, then the value. */
const headerBytes = 16;

export function encodeView({ version, value, expiresAt }: ViewWrite): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + value.length);
  bytes.writeDoubleBE(version, 0);
  bytes.writeDoubleBE(expiresAt ?? 0, 8);
  bytes.set(value, headerBytes);
  return bytes;
}

/** Error: `INVARIANT_BROKEN` for bytes that somebody else has written. */
export function decodeView(key: string, bytes: Buffer): { readonly view: View; readonly expiresAt: number | null } {
  if (bytes.length < headerBytes) {
    throw new AdtallyError('INVARIANT_BROKEN', `${bytes.length} bytes in Redis at ${key} are no view of Adtally`);
  }
  const expiresAt = bytes.readDoubleBE(8);
  // A copy: what is cached must not hold on to the whole chunk that came off the wire.
  const value = new Uint8Array(bytes.subarray(headerBytes));
  return { view: { version: bytes.readDoubleBE(0), value }, expiresAt: expiresAt === 0 ? null : expiresAt };
}

/**
 * Writes a view unless one of this version or above is there. KEYS[1]; ARGV: version, expiry in Unix ms or '', the encoded view. The version is read
 * from the first bytes alone, however long the view is; what has expired is not there for Redis.
 */
export const putViewScript = `
local head = redis.call('GETRANGE', KEYS[1], 0, 7)
if #head == 8 and struct.unpack('>d', head) >= tonumber(ARGV[1]) then return 0 end
if ARGV[2] == '' then redis.call('SET', KEYS[1], ARGV[3])
else redis.call('SET', KEYS[1], ARGV[3], 'PXAT', ARGV[2]) end
return 1`;
