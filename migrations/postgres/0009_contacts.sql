-- What caps count: one row for each reminder on each channel that may have left,
-- under its account and under the number it went to.
create table contact (
    -- That of the key.
    bucket      smallint not null,
    -- `a:` and an account, `n:` and a number or an e-mail address.
    key         text not null,
    reminder_id uuid not null,
    channel     text not null,
    at          timestamptz not null,
    -- Of a row under an account: the number that it is also counted under.
    number      text,
    primary key (bucket, key, reminder_id, channel)
);
create index contact_of_reminder on contact (bucket, reminder_id);
