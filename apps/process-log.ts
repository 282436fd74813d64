import { resolve } from 'node:path';
import { createLogger } from '../adapters/logging/logger.ts';
import { createRedaction, redactionOf } from '../adapters/logging/redaction.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { type LogFields, type Logger, type LogLevel, logLevels } from '../ports/logger.ts';

/** The house, wherever the process was started. */
const house = resolve(import.meta.dirname, '..');

export interface ProcessLog extends Logger {
  /** What stands in every line from here on, as the boot of a node. */
  know(fields: LogFields): void;
  /** Something that can't pass: says it and ends the process; its supervisor starts another. */
  die(error: unknown): never;
}

/**
 * The log of this process: news on standard output, the rest on standard error. Read from the environment itself, since it is needed before the settings are
 * read, which may be refused; a value that is none is refused with them.
 */
export function openProcessLog(name: string, given: LogFields = {}): ProcessLog {
  const { env } = process;
  let known: LogFields = { pid: process.pid, ...given };
  const logger = createLogger({
    format: env['LOG_FORMAT'] === 'json' ? 'json' : 'text',
    level: logLevels.find((level) => level === env['LOG_LEVEL']) ?? 'info',
    process: name,
    base: () => known,
    clock: createSystemClock(),
    redact: createRedaction(redactionOf(env)),
    house,
    write: (line, level) => void outputOf(level).write(line),
  });
  const die = (error: unknown): never => {
    logger.failure(error);
    logger.flush();
    process.exit(1);
  };
  // Node would write the error as it is, with whatever it holds.
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  const know = (fields: LogFields) => void (known = { ...known, ...fields });
  return { ...logger, die, know };
}

function outputOf(level: LogLevel): NodeJS.WriteStream {
  return level === 'debug' || level === 'info' ? process.stdout : process.stderr;
}
