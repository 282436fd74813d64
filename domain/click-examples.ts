import { featureCount, weightCount } from './click-features.ts';
import { AdtallyError } from './errors.ts';

/**
 * What an example says. `learn`: an impression with what came of it. `correct`: of one that was learned, a click or a view came after all; only what is
 * set came late. `withdraw`: one that was learned, as it was learned, turned out to be invalid traffic.
 */
export const exampleKinds = ['learn', 'correct', 'withdraw'] as const;
export type ExampleKind = (typeof exampleKinds)[number];

export interface Example {
  readonly kind: ExampleKind;
  readonly clicked: boolean;
  /** Null: could not have been seen, as audio. */
  readonly viewed: boolean | null;
  /** `exampleFeatures`. */
  readonly features: Uint32Array;
}

const flag = { clicked: 4, viewed: 8, unseen: 16 } as const;
const kindMask = 3;
const placeBytes = 3;
const exampleBytes = 1 + featureCount * placeBytes;

/** A byte of flags, then three bytes for each feature. */
export function encodeExamples(examples: readonly Example[]): Uint8Array {
  const bytes = Buffer.alloc(examples.length * exampleBytes);
  let at = 0;
  for (const { kind, clicked, viewed, features } of examples) {
    const seen = viewed === null ? flag.unseen : viewed ? flag.viewed : 0;
    at = bytes.writeUInt8(exampleKinds.indexOf(kind) | (clicked ? flag.clicked : 0) | seen, at);
    for (const place of features) at = bytes.writeUIntLE(place, at, placeBytes);
  }
  return bytes;
}

/** Error: `UNREADABLE_RECORD`. */
export function decodeExamples(bytes: Uint8Array): Example[] {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (from.length % exampleBytes !== 0) throw unreadable(`${from.length} bytes are no whole examples`);
  return Array.from({ length: from.length / exampleBytes }, (_, index) => decodeOne(from, index * exampleBytes));
}

function decodeOne(from: Buffer, at: number): Example {
  const flags = from.readUInt8(at);
  const kind = exampleKinds[flags & kindMask];
  if (kind === undefined) throw unreadable(`there is no kind ${flags & kindMask}`);
  const features = new Uint32Array(featureCount);
  for (let index = 0; index < featureCount; index += 1) {
    const place = from.readUIntLE(at + 1 + index * placeBytes, placeBytes);
    if (place >= weightCount) throw unreadable(`there is no weight ${place}`);
    features[index] = place;
  }
  const viewed = (flags & flag.unseen) === 0 ? (flags & flag.viewed) !== 0 : null;
  return { kind, clicked: (flags & flag.clicked) !== 0, viewed, features };
}

function unreadable(sentence: string): AdtallyError {
  return new AdtallyError('UNREADABLE_RECORD', `examples of a model can't be read: ${sentence}`);
}
