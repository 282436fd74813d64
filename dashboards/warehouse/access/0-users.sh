#!/bin/sh
# Run by the image of ClickHouse at its first start: makes the users of the files beside it. Passwords come from the container's environment.
set -eu
here=$(dirname "$0")
as_administrator() {
  clickhouse-client --user "$CLICKHOUSE_USER" --password "$CLICKHOUSE_PASSWORD" --multiquery --param_password="$1" <"$2"
}
as_administrator "$WAREHOUSE_PASSWORD" "$here/sql/writer.sql"
as_administrator "$WAREHOUSE_ANALYST_PASSWORD" "$here/sql/analyst.sql"
