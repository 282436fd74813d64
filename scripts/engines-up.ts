import { startEngine } from './engines/engine.ts';
import { engines, upFolder } from './engines/engines.ts';

/** `npm run engines:up`: starts every engine that can be had here and prints the settings that name them. */
for (const engine of engines) {
  const missing = await engine.prepare((line) => console.error(line));
  if (missing === null) console.log(`${engine.variable}=${(await startEngine(engine, upFolder(engine))).url}`);
  else console.error(`${engine.name}: not here: ${missing}`);
}
