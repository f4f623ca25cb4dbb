-- What caps count: one row for each reminder on each channel that may have left,
-- under its account and under the number it went to.
create table contact (
    -- That of the key.
    bucket      integer not null,
    -- `a:` and an account, `n:` and a number or an e-mail address.
    key         text not null,
    reminder_id blob not null,
    channel     text not null,
    at          integer not null,
    -- Of a row under an account: the number that it is also counted under.
    number      text,
    primary key (bucket, key, reminder_id, channel)
) strict, without rowid;
create index contact_of_reminder on contact (bucket, reminder_id);

-- As in 0002: what SQLite is to assume about the table.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('contact', 'contact', '10000000 10000 3 1 1'),
    ('contact', 'contact_of_reminder', '10000000 10000 2');
analyze sqlite_schema;
