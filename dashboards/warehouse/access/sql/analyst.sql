-- The user of WAREHOUSE_ANALYST_URL: analysts, Grafana and whatever else only reads. Run once by an administrator of the server, with a password of
-- your own, after writer.sql:
--
--   clickhouse-client --param_password='…' --multiquery < dashboards/warehouse/access/sql/analyst.sql
--
-- It reads the database adtally and nothing else: no rights on files, URLs, other servers or other databases. `readonly = 2` forbids every statement that
-- writes and every change of `readonly`; limits may be lowered with a query, and raised up to MAX. What is CONST stays.

CREATE ROLE IF NOT EXISTS adtally_reader;
GRANT SELECT ON adtally.* TO adtally_reader;

CREATE SETTINGS PROFILE IF NOT EXISTS adtally_reader SETTINGS
  readonly = 2 CONST,
  allow_ddl = 0 CONST,
  allow_introspection_functions = 0 CONST,
  final = 1,
  max_execution_time = 10 MAX 60,
  timeout_overflow_mode = 'throw' CONST,
  max_result_rows = 10000 MAX 100000,
  max_result_bytes = 1000000000 MAX 2000000000,
  result_overflow_mode = 'throw' CONST,
  max_memory_usage = 1000000000 MAX 2000000000,
  max_threads = 2 MAX 4,
  max_concurrent_queries_for_user = 8 CONST
TO adtally_reader;

CREATE QUOTA IF NOT EXISTS adtally_reader KEYED BY user_name
FOR INTERVAL 1 hour MAX queries = 20000, execution_time = 3600
TO adtally_reader;

CREATE USER IF NOT EXISTS adtally_analyst IDENTIFIED WITH sha256_password BY {password:String} DEFAULT DATABASE adtally;
GRANT adtally_reader TO adtally_analyst;
SET DEFAULT ROLE adtally_reader TO adtally_analyst;
