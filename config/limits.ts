import { AdtallyError } from '../domain/errors.ts';
import type { Settings } from './settings.ts';

/** Bounds of the running system, derived from the settings in this one place. */
export interface Limits {
  /** Life of a reservation: `expires_at` − `selected_at`. */
  readonly reservationMs: number;
  /** Life of the longest token. */
  readonly longestTokenMs: number;
  /** How long a key still verifies after the last token was signed with it. */
  readonly keyVerifiesMs: number;
  /** A node whose mark stands still for so long, while the log takes appends, is fenced. */
  readonly fenceTimeoutMs: number;
  /** A node that could not write its mark for so long stops drawing and accepting on its own. */
  readonly drawingMs: number;
  /** From the end of a window of selection time until nothing of it is in flight: what reconciliation waits for. */
  readonly windowClosesMs: number;
}

/** Relations without which a guarantee falls. Each: whether it holds, and why it must. */
function relations(settings: Settings, limits: Limits): readonly (readonly [boolean, string])[] {
  const { impressionTokenMs, clickTokenMs, bufferBoundMs, clockSkewMs, horizonMs, holdMs, markMs, tickMs } = settings;
  return [
    [
      limits.reservationMs >= impressionTokenMs + bufferBoundMs + clockSkewMs,
      'a reservation must outlive its token, the buffer bound and the clock skew, or an acknowledged impression meets a released reservation and is absorbed',
    ],
    [
      clickTokenMs >= impressionTokenMs,
      'CLICK_TOKEN_MS must be at least IMPRESSION_TOKEN_MS: an ad that may still be seen may still be clicked',
    ],
    [
      limits.drawingMs + clockSkewMs < limits.fenceTimeoutMs,
      'BUFFER_BOUND_MS must be more than 4 × MARK_MS + CLOCK_SKEW_MS: a node must stop drawing on its leases before others may fence it',
    ],
    [
      horizonMs > limits.longestTokenMs + bufferBoundMs + clockSkewMs + holdMs,
      'HORIZON_MS must be more than the longest token, BUFFER_BOUND_MS, CLOCK_SKEW_MS and HOLD_MS together: a selection must be certified before its state is forgotten',
    ],
    [limits.reservationMs < horizonMs, 'HORIZON_MS must be more than the life of a reservation'],
    [tickMs < bufferBoundMs, 'TICK_MS must be less than BUFFER_BOUND_MS: a fence is decided at a tick'],
    [
      [...settings.warehouseKeepMs.values()].every((keepMs) => keepMs > horizonMs),
      'WAREHOUSE_KEEP must keep every topic for longer than HORIZON_MS: reports join what still moves',
    ],
    [markMs < bufferBoundMs, 'MARK_MS must be less than BUFFER_BOUND_MS, or a healthy node is fenced'],
    [
      settings.serveWorkers === 1 || workerNode(settings, settings.serveWorkers).length <= nodeNameLength,
      `NODE_NAME with \`-w${settings.serveWorkers}\` must have at most ${nodeNameLength} characters: cut off, two machines could have the same node`,
    ],
  ];
}

const nodeNameLength = 12;

/** Name of the node that the n-th serving worker is, from 1. */
export function workerNode({ nodeName }: Pick<Settings, 'nodeName'>, nth: number): string {
  return `${nodeName}-w${nth}`;
}

/** Derives the limits and asserts how they relate. Error: `BAD_SETTING` with the reason. */
export function deriveLimits(settings: Settings): Limits {
  const { impressionTokenMs, clickTokenMs, bufferBoundMs, clockSkewMs, holdMs, markMs } = settings;
  const longestTokenMs = Math.max(impressionTokenMs, clickTokenMs);
  const limits: Limits = {
    reservationMs: impressionTokenMs + bufferBoundMs + clockSkewMs,
    longestTokenMs,
    keyVerifiesMs: longestTokenMs + bufferBoundMs + clockSkewMs,
    fenceTimeoutMs: bufferBoundMs,
    // While the log is away for all, nobody is fenced, and to stop early would cost ads for nothing; the last quarter is for what was drawn to reach the
    // log, where this node alone was cut off.
    drawingMs: Math.max(4 * markMs, Math.floor(((bufferBoundMs - clockSkewMs) * 3) / 4)),
    windowClosesMs: longestTokenMs + bufferBoundMs + clockSkewMs + holdMs,
  };
  const broken = relations(settings, limits).filter(([holds]) => !holds);
  if (broken.length > 0) throw new AdtallyError('BAD_SETTING', broken.map(([, reason]) => reason).join('; '));
  return limits;
}
