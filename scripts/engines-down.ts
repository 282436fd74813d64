import { findEngine } from './engines/engine.ts';
import { engines, upFolder } from './engines/engines.ts';

/** `npm run engines:down`: ends what `npm run engines:up` started; its data stay. */
for (const engine of engines) {
  const running = findEngine(upFolder(engine));
  await running?.stop();
  console.log(`${engine.name}: ${running ? 'ended' : 'did not run'}`);
}
