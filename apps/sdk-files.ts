import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';
import { resolve } from 'node:path';
import type { Disk } from '../ports/disk.ts';
import type { SdkFile } from '../serving/routes/sdk.ts';

const folder = resolve(import.meta.dirname, '../sdk');
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  webm: 'video/webm',
};
/** Paths below `/sdk/` and the files that they are. */
const served = [
  ['adtally.js', 'dist/adtally.js'],
  ['example/', 'example/page.html'],
  ['example/page.js', 'example/page.ts'],
  ['example/style.css', 'example/style.css'],
  ['example/tea.svg', 'example/tea.svg'],
  ['example/bicycle.svg', 'example/bicycle.svg'],
  ['example/spot.webm', 'example/spot.webm'],
] as const;

/** Reads what browsers may fetch of the SDK, once. */
export async function loadSdkFiles(disk: Disk): Promise<SdkFile[]> {
  return Promise.all(
    served.map(async ([path, file]) => {
      const read = await disk.read(`${folder}/${file}`);
      const isTyped = file.endsWith('.ts');
      const body = isTyped ? Buffer.from(stripTypeScriptTypes(Buffer.from(read).toString())) : Buffer.from(read);
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
      return { path, type: types[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream', body, etag };
    }),
  );
}
