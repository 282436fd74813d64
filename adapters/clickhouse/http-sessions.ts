import { createClient } from '@clickhouse/client';
import { quiet, type Sessions } from './sessions.ts';

/** A ClickHouse server: URLs as `http(s)://user:password@host:8123`. What stands behind the host is the business of `config/settings.ts`. */
export interface ServerLocation {
  readonly url: string;
  /** The same server as a user who may only read: analysts' queries run as it. Null: as the user of `url`, with `readonly` set. */
  readonly analystUrl?: string | null;
}

/** Settings of the HTTP interface itself: a result is sent once it is whole, so that its status is its own, and a reader who left is not served. */
const interfaceSettings = { wait_end_of_query: 1, cancel_http_readonly_queries_on_client_close: 1 } as const;

/** Sessions on a ClickHouse server. Settings travel with each request. */
export function httpSessions({ url, analystUrl = null }: ServerLocation): Sessions {
  return {
    open: ({ settings, database = 'default', timeoutMs, forAnalyst = false }) => {
      const own = forAnalyst && analystUrl !== null;
      return Promise.resolve(
        createClient({
          ...connectionOf(own ? analystUrl : url),
          log: quiet,
          application: 'adtally',
          database,
          request_timeout: timeoutMs,
          clickhouse_settings: {
            ...interfaceSettings,
            ...settings,
            // A user who is read-only by its profile may not touch the setting.
            ...(forAnalyst && !own && { readonly: '1' }),
          },
          compression: { request: false, response: false },
        }),
      );
    },
  };
}

/** Name and password go by header, so that no error that names the URL tells them. */
function connectionOf(url: string): { url: string; username?: string; password?: string } {
  const { origin, username, password } = new URL(url);
  if (username === '') return { url: origin };
  return { url: origin, username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
