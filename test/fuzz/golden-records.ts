import { readdirSync, readFileSync } from 'node:fs';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';

const folder = new URL('../../schemas/avro/golden/', import.meta.url);

/** A record as some version of the code wrote it. */
export interface GoldenRecord {
  /** Name and version, as `AdSelected.v1`. */
  readonly schema: string;
  /** In the wire format. */
  readonly bytes: Uint8Array;
}

export const registry = openFileSchemaRegistry();

function wire(id: number, body: string): Uint8Array {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, Buffer.from(body, 'hex')]);
}

/** The samples of every frozen version of every record. */
export const goldenRecords: readonly GoldenRecord[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => {
    const golden = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as {
      readonly id: number;
      readonly samples: readonly { readonly bytes: string }[];
    };
    return golden.samples.map(({ bytes }) => ({ schema: file.slice(0, -5), bytes: wire(golden.id, bytes) }));
  });
