import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** How many shards an embedded log was made with; null if there is none in the folder. Changes nothing. */
export function embeddedLogShards(folder: string): number | null {
  const path = join(folder, 'spend.db');
  if (!existsSync(path)) return null;
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const row = db.prepare('SELECT count(*) AS shards FROM shards').get();
    return Number(row?.['shards']);
  } finally {
    db.close();
  }
}
