-- The user of WAREHOUSE_URL: the console's own, who makes the tables, sinks the log and runs the named reports. Run once by an administrator of the
-- server, with a password of your own, before the console starts:
--
--   clickhouse-client --param_password='…' --multiquery < dashboards/warehouse/access/sql/writer.sql

CREATE DATABASE IF NOT EXISTS adtally ENGINE = Atomic;

CREATE ROLE IF NOT EXISTS adtally_writer;
GRANT SELECT, INSERT, ALTER, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE, CHECK ON adtally.* TO adtally_writer;
GRANT CREATE DATABASE, DROP DATABASE ON adtally.* TO adtally_writer;
GRANT SELECT ON system.tables TO adtally_writer;
GRANT SELECT ON system.one TO adtally_writer;

CREATE USER IF NOT EXISTS adtally_console IDENTIFIED WITH sha256_password BY {password:String} DEFAULT DATABASE adtally;
GRANT adtally_writer TO adtally_console;
SET DEFAULT ROLE adtally_writer TO adtally_console;
