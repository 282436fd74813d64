import { featureCount } from '../../domain/click-features.ts';
import { formatUuid, parseUuid } from '../../domain/identity.ts';
import type { Joining, JoinState } from './click-model-join.ts';

/** A selection in bytes: id, flags, three times of 6 bytes, features of 3. */
const idBytes = 16;
const timeBytes = 6;
const placeBytes = 3;
const rowBytes = idBytes + 1 + 3 * timeBytes + featureCount * placeBytes;
const flag = { features: 1, measurable: 2, invalid: 4, said: 8, saidClicked: 16, saidViewed: 32 } as const;
const headBytes = 4;

/** Length of a head in JSON, the head, then the selections: there may be tens of thousands, several times a minute. */
export function encodeJoin({ selections, ...head }: JoinState): Uint8Array {
  const json = Buffer.from(JSON.stringify(head));
  const bytes = Buffer.alloc(headBytes + json.length + selections.size * rowBytes);
  bytes.writeUInt32LE(json.length, 0);
  bytes.set(json, headBytes);
  let at = headBytes + json.length;
  for (const [id, joining] of selections) {
    writeRow(bytes, at, id, joining);
    at += rowBytes;
  }
  return bytes;
}

function writeRow(bytes: Buffer, from: number, id: string, joining: Joining): void {
  const { features, measurable, invalid, said } = joining;
  bytes.set(parseUuid(id), from);
  let flags = features === null ? 0 : flag.features;
  if (measurable) flags |= flag.measurable;
  if (invalid) flags |= flag.invalid;
  if (said !== null) flags |= flag.said;
  if (said?.clicked) flags |= flag.saidClicked;
  if (said?.viewed) flags |= flag.saidViewed;
  let at = bytes.writeUInt8(flags, from + idBytes);
  for (const time of [joining.impressionAt, joining.clickedAt, joining.viewedAt]) {
    at = bytes.writeUIntLE(time, at, timeBytes);
  }
  for (const place of features ?? []) at = bytes.writeUIntLE(place, at, placeBytes);
}

export function decodeJoin(given: Uint8Array): JoinState {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const from = headBytes + bytes.readUInt32LE(0);
  const head = JSON.parse(bytes.subarray(headBytes, from).toString()) as Omit<JoinState, 'selections'>;
  const selections = new Map<string, Joining>();
  for (let at = from; at < bytes.length; at += rowBytes) {
    selections.set(formatUuid(bytes.subarray(at, at + idBytes)), readRow(bytes, at + idBytes));
  }
  return { ...head, selections };
}

function readRow(bytes: Buffer, from: number): Joining {
  const flags = bytes.readUInt8(from);
  const is = (one: number) => (flags & one) !== 0;
  const timeAt = (nth: number) => bytes.readUIntLE(from + 1 + nth * timeBytes, timeBytes);
  const places = from + 1 + 3 * timeBytes;
  const features = Uint32Array.from({ length: featureCount }, (_, index) =>
    bytes.readUIntLE(places + index * placeBytes, placeBytes),
  );
  return {
    features: is(flag.features) ? features : null,
    measurable: is(flag.measurable),
    impressionAt: timeAt(0),
    clickedAt: timeAt(1),
    viewedAt: timeAt(2),
    invalid: is(flag.invalid),
    said: is(flag.said) ? { clicked: is(flag.saidClicked), viewed: is(flag.saidViewed) } : null,
  };
}
