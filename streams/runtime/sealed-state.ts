import { crc32 } from 'node:zlib';

const sealBytes = 4;

/** A value of a state with the CRC-32 of its key and itself before it: neither engines nor disks promise that what is read is what was written. */
export function seal(key: string, value: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(sealBytes + value.length);
  sealed.writeUInt32BE(crc32(value, crc32(key)), 0);
  sealed.set(value, sealBytes);
  return sealed;
}

/** The value; null if it is not the one that was sealed under this key. */
export function unseal(key: string, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < sealBytes) return null;
  const value = sealed.subarray(sealBytes);
  const written = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
  return crc32(value, crc32(key)) === written ? value : null;
}
