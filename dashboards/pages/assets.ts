import { createHash } from 'node:crypto';
import type { Disk } from '../../ports/disk.ts';

/** A file that a browser may fetch, as it is sent. */
export interface Asset {
  readonly type: string;
  readonly body: string;
  /** Strong: it changes with the content. */
  readonly etag: string;
}

export interface AssetSources {
  readonly disk: Disk;
  /** Folders of pages and of scripts and styles. */
  readonly pages: string;
  readonly browser: string;
  /** Folder of the built console (`npm run console`). */
  readonly built: string;
  /** Takes the types out of a script; positions stay as they are. */
  readonly stripTypes: (source: string) => string;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Pages by name (`console`, `demo`) and assets by file name. Scripts are served as they are written, without their types. */
export interface Assets {
  readonly pages: ReadonlyMap<string, Asset>;
  readonly files: ReadonlyMap<string, Asset>;
  /** The console: its page and the files of its bundle. */
  readonly built: ReadonlyMap<string, Asset>;
}

/** Reads every page, script and style once. */
export async function loadAssets({ disk, pages, browser, built, stripTypes }: AssetSources): Promise<Assets> {
  const read = async (folder: string, file: string): Promise<Asset> => {
    const text = new TextDecoder().decode(await disk.read(`${folder}/${file}`));
    const extension = file.slice(file.lastIndexOf('.') + 1);
    const body = extension === 'ts' ? stripTypes(text) : text;
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    return { type: types[extension] ?? 'application/octet-stream', body, etag };
  };
  const readAll = async (folder: string, wanted: RegExp): Promise<[string, Asset][]> => {
    const names = (await disk.list(folder)).filter((name) => wanted.test(name));
    return Promise.all(names.map(async (name): Promise<[string, Asset]> => [name, await read(folder, name)]));
  };
  const shown = await readAll(pages, /\.html$/);
  return {
    pages: new Map(shown.map(([name, asset]) => [name.slice(0, -'.html'.length), asset])),
    files: new Map(await readAll(browser, /^(?!.*\.test\.ts$).*\.(ts|css|svg)$/)),
    built: new Map(await readAll(built, /\.(html|js|css|svg)$/)),
  };
}
