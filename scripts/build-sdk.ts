/**
 * Bundles the browser SDK into `sdk/dist/adtally.js`, the file that serve hands out: `node scripts/build-sdk.ts`. It is kept with its sources, since what runs
 * a platform has no bundler; a test builds it again and compares.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The SDK as one module. */
export async function bundleSdk(): Promise<string> {
  const bundle = await rolldown({ input: `${root}sdk/adtally.ts`, platform: 'browser' });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  return output[0].code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(`${root}sdk/dist/adtally.js`, await bundleSdk());
}
