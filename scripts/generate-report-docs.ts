/**
 * Writes `docs/reports.md` from the headers of `dashboards/reports/*.sql`: every named report with its parameters and columns. `--check` writes nothing and exits 1
 * if the file differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { loadReports, type Report, type ReportParameter } from '../dashboards/reports/report-file.ts';

const target = new URL('../docs/reports.md', import.meta.url);
const folder = new URL('../dashboards/reports', import.meta.url).pathname;

const opening = `# Named reports

<!-- Generated from dashboards/reports/*.sql by \`node scripts/generate-report-docs.ts\`. Do not edit: change the header of the .sql file. -->

\`\`\`sh
npx adtally report truth_funnel
curl -s -H "Authorization: Bearer $CONSOLE_KEY" 'http://127.0.0.1:8090/v1/reports/spend_by_campaign?from=-30d' -H 'accept: text/csv'
\`\`\`

A time is RFC 3339, \`now\`, or back from now as \`-24h\` (m, h, d). Amounts (micros) are decimal strings of whole millionths of the currency. A ratio is null where there is nothing to divide by.
`;

function parameterLine({ name, kind, byDefault, bounds, description }: ReportParameter): string {
  const range = bounds === null ? '' : ` ${bounds[0]} to ${bounds[1]}`;
  return `| \`${name}\` | ${kind}${range} | ${byDefault === '' ? '' : `\`${byDefault}\``} | ${description} |`;
}

function section({ name, title, parameters, columns }: Report): string {
  const given = parameters.map(parameterLine).join('\n');
  const table = given === '' ? '' : `| parameter | kind | default | |\n|---|---|---|---|\n${given}\n\n`;
  const shown = columns.map((column) => `| \`${column.name}\` | ${column.kind} | ${column.description} |`).join('\n');
  return `\n## ${name}\n\n${title}\n\n${table}| column | kind | |\n|---|---|---|\n${shown}\n`;
}

const reports = await loadReports(createSystemDisk(), folder);
const text = opening + [...reports.values()].map(section).join('');
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs/reports.md is not what the reports say: run node scripts/generate-report-docs.ts');
  process.exitCode = 1;
}
