-- People look accounts up by how a name begins.
create index account_by_name on account (lower(name));

-- As in 0002: what SQLite is to assume about the tables.
insert into sqlite_stat1 (tbl, idx, stat) values ('account', 'account_by_name', '1000000 5');
analyze sqlite_schema;
