/** `npm start`: the whole platform on this machine. */
import { isAdtallyError } from '../domain/errors.ts';
import { command } from './commands/start.ts';

try {
  process.exitCode = await command.run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(isAdtallyError(error) ? `${error.code}: ${error.message}\n` : `${(error as Error).stack}\n`);
  process.exitCode = 2;
}
