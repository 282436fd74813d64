import { killsOfEach, type PlannedFault } from '../simulate/faults.ts';
import type { Check } from '../simulate/run-report.ts';
import type { Platform } from './platform.ts';
import type { Scale } from './process-plan.ts';

export interface StageOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
  /** How often everything is killed that can be. */
  readonly kills: number;
  readonly say: (sentence: string) => void;
}

/** What a demo runs on: engines, how many processes, and what is done to them. */
export interface Stage {
  /** Settings that name the engines. */
  readonly env: Readonly<Record<string, string>>;
  readonly scale: Scale;
  /** What is done to the platform, and how many kills that is. */
  readonly plan: (platform: Platform) => { readonly faults: readonly PlannedFault[]; readonly kills: number };
  /** A line that a process printed; a process that ended. */
  readonly onLine: (name: string, line: string) => void;
  readonly onEnded: (name: string) => void;
  /** What has to hold here besides everything that holds everywhere. */
  readonly check: (platform: Platform) => Promise<readonly Check[]>;
  readonly close: () => Promise<void>;
}

/** One process of each kind on the engines of this machine. */
export function embeddedStage({ kills }: StageOptions): Stage {
  return {
    env: {},
    scale: { serve: 1, streams: 1 },
    plan: ({ dataDir }) => ({ faults: killsOfEach(dataDir, kills), kills: 3 * kills }),
    onLine: () => undefined,
    onEnded: () => undefined,
    check: async () => [],
    close: async () => undefined,
  };
}
