import { type KeptKey, parseKeys } from '../dashboards/auth.ts';

/** Environment variable by which a supervisor hands its processes an admin key that lives as long as they do. It is never printed or stored. */
export const runKeyVariable = 'RUN_ADMIN_KEY';

/** The key of this run, if a supervisor gave one. */
export function runKeys(env: NodeJS.ProcessEnv): readonly KeptKey[] {
  const key = env[runKeyVariable];
  return key === undefined ? [] : parseKeys(`admin=${key}`);
}
