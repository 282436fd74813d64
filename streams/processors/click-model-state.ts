import { weightCount } from '../../domain/click-features.ts';
import type { TrainingState } from './click-model.ts';
import { type CalibrationBins, emptyBins } from './click-model-calibration.ts';
import { FtrlModel } from './click-model-ftrl.ts';

const wordBytes = 8;

/** Length of a head in JSON and the head, then as 64-bit floats the bins, and of each model how many weights it has, their places, z and n. */
export function encodeTraining({ click, view, clickBins, viewBins, ...head }: TrainingState): Uint8Array {
  const json = Buffer.from(JSON.stringify(head));
  const words = [...binWords(clickBins), ...binWords(viewBins), ...modelWords(click), ...modelWords(view)];
  const bytes = Buffer.alloc(wordBytes + json.length + words.reduce((sum, { length }) => sum + length * wordBytes, 0));
  bytes.writeDoubleLE(json.length, 0);
  bytes.set(json, wordBytes);
  let at = wordBytes + json.length;
  for (const list of words) for (const word of list) at = bytes.writeDoubleLE(word, at);
  return bytes;
}

function binWords({ examples, predicted, happened }: CalibrationBins): Float64Array[] {
  return [examples, predicted, happened];
}

/** Only what was ever seen. */
function modelWords({ z, n }: FtrlModel): Float64Array[] {
  const places: number[] = [];
  for (let place = 0; place < weightCount; place += 1) if ((n[place] as number) > 0) places.push(place);
  const of = (sums: Float64Array) => Float64Array.from(places, (place) => sums[place] as number);
  return [Float64Array.of(places.length), Float64Array.from(places), of(z), of(n)];
}

export function decodeTraining(given: Uint8Array): TrainingState {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const from = wordBytes + bytes.readDoubleLE(0);
  const head = JSON.parse(bytes.subarray(wordBytes, from).toString()) as Omit<
    TrainingState,
    'click' | 'view' | 'clickBins' | 'viewBins'
  >;
  let at = from;
  const read = (length: number) =>
    Float64Array.from({ length }, () => {
      at += wordBytes;
      return bytes.readDoubleLE(at - wordBytes);
    });
  const [clickBins, viewBins] = [readBins(read), readBins(read)];
  const click = readModel('click', read);
  return { ...head, clickBins, viewBins, click, view: readModel('view', read) };
}

function readBins(read: (length: number) => Float64Array): CalibrationBins {
  const { length } = emptyBins().examples;
  return { examples: read(length), predicted: read(length), happened: read(length) };
}

function readModel(target: 'click' | 'view', read: (length: number) => Float64Array): FtrlModel {
  const [count = 0] = read(1);
  const [places, someZ, someN] = [read(count), read(count), read(count)];
  const [z, n] = [new Float64Array(weightCount), new Float64Array(weightCount)];
  places.forEach((place, index) => {
    z[place] = someZ[index] as number;
    n[place] = someN[index] as number;
  });
  return new FtrlModel(target, { z, n });
}
