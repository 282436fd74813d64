import { pino } from 'pino';
import { isAdtallyError } from '../../domain/errors.ts';
import type { LogCode } from '../../domain/log-codes.ts';
import type { Clock } from '../../ports/clock.ts';
import { type LogFields, type Logger, type LogLevel, logLevels } from '../../ports/logger.ts';
import { describeFailure } from './failure-text.ts';
import { LineBudget } from './line-budget.ts';

export interface LoggerOptions {
  readonly format: 'text' | 'json';
  /** The least that is written. */
  readonly level: LogLevel;
  /** Kind of process, as `serve`. */
  readonly process: string;
  /** What stands in every line of JSON. */
  readonly base?: () => LogFields;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly redact: (text: string) => string;
  /** Folder whose name is taken off the paths of stacks. */
  readonly house: string;
  /** Takes one line with its end. */
  readonly write: (line: string, level: LogLevel) => void;
}

interface Line {
  readonly level: LogLevel;
  readonly code: LogCode;
  readonly message: string;
  readonly fields: LogFields;
  readonly stack?: string;
}

/** Beyond this nothing is read of a text. */
const longestRead = 20_000;
const longestMessage = 2_000;
const longestField = 300;
const leftOutAfterMs = 1_000;
const budget = { perSecond: 5, sayAgainMs: 10_000 };

/** A log of lines: as `process: sentence (CODE)` for people, or JSON by pino for whoever collects them. */
export function createLogger(options: LoggerOptions): Logger {
  const { clock, level: least, redact } = options;
  const lines = new LineBudget(budget);
  const put = options.format === 'json' ? jsonWriter(options) : textWriter(options);
  let isFlushDue = false;

  // Cut only after: half a secret would not be known for one.
  const safe = (text: string, most: number) => oneLine(redact(text.slice(0, longestRead))).slice(0, most);

  function write(line: Line): void {
    if (logLevels.indexOf(line.level) < logLevels.indexOf(least)) return;
    const message = safe(line.message, longestMessage);
    // What becomes so again is news again; a fault that goes on is not.
    const isNews = line.level === 'debug' || line.level === 'info';
    if (!lines.takes(line.code, isNews ? null : message, clock.now())) {
      flushLater();
      return;
    }
    const fields = Object.entries(line.fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? safe(value, longestField) : value,
    ]);
    put({ ...line, message, fields: Object.fromEntries(fields) as LogFields });
  }

  function flushLater(): void {
    if (isFlushDue) return;
    isFlushDue = true;
    clock.after(leftOutAfterMs, flush);
  }

  function flush(): void {
    isFlushDue = false;
    for (const { code, count } of lines.takeLeftOut()) {
      const message = `${count} further lines of ${code} were left out`;
      put({ level: 'warn', code: 'LINES_LEFT_OUT', message, fields: { of: code, count } });
    }
  }

  return {
    say: (level, code, message, fields = {}) => write({ level, code, message, fields }),
    failure(error, fields = {}) {
      const isKnown = isAdtallyError(error) && error.code !== 'INVARIANT_BROKEN';
      const { message, stack } = describeFailure(error, options.house);
      const code = isAdtallyError(error) ? error.code : 'DEFECT';
      const level = isKnown && error.retriable ? 'warn' : 'error';
      write({ level, code, message, fields, ...(!isKnown && stack !== '' && { stack: redact(stack) }) });
    },
    flush,
  };
}

/** What begins a new line, or moves a terminal's cursor, would let whoever wrote it forge further lines. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function textWriter({ process, write }: LoggerOptions): (line: Line) => void {
  return ({ level, code, message, fields, stack }) => {
    const isNews = level === 'debug' || level === 'info';
    const named = isNews || message.startsWith(code) ? '' : ` (${code})`;
    const ids = isNews
      ? ''
      : Object.entries(fields)
          .map(([name, value]) => ` ${name}=${value}`)
          .join('');
    const trace = stack === undefined ? '' : `${stack.replaceAll('\n', '\n    ')}\n`;
    write(`${process}: ${message}${named}${ids}\n${trace === '' ? '' : `    ${trace}`}`, level);
  };
}

function jsonWriter({ process, base, clock, write }: LoggerOptions): (line: Line) => void {
  let level: LogLevel = 'info';
  const stream = { write: (line: string) => write(line, level) };
  const options = {
    base: null,
    messageKey: 'message',
    level: 'debug',
    timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const lines = pino(options, stream);
  return (line) => {
    level = line.level;
    const { code, message, fields, stack } = line;
    // What is ours stands after what was given, so that it can't be given.
    lines[level]({ ...fields, ...base?.(), process, code, ...(stack !== undefined && { stack }) }, message);
  };
}
