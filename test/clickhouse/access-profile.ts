import { readFileSync } from 'node:fs';

/** A setting of a profile, and how far a user may change it. */
export interface ProfileSetting {
  readonly name: string;
  readonly value: string;
  readonly most: number | null;
  readonly isConst: boolean;
}

const accessSql = new URL('../../dashboards/warehouse/access/sql/analyst.sql', import.meta.url);

/** The settings of the analysts' profile as the SQL that creates it gives them. */
export function analystProfile(): readonly ProfileSetting[] {
  const text = readFileSync(accessSql, 'utf8').replaceAll(/^\s*--.*$/gm, '');
  const [, list = ''] = /CREATE SETTINGS PROFILE [^;]*?SETTINGS([^;]*?)\nTO /.exec(text) ?? [];
  return list.split(',').map((part) => {
    const found = /^\s*(\w+) = ('[^']*'|[\d.]+)(?: MAX (\d+))?( CONST)?\s*$/.exec(part);
    if (found === null) throw new Error(`the analysts' profile has a part that can't be read: ${part}`);
    const [, name = '', value = '', most, isConst] = found;
    return {
      name,
      value: value.replaceAll("'", ''),
      most: most === undefined ? null : Number(most),
      isConst: isConst !== undefined,
    };
  });
}
