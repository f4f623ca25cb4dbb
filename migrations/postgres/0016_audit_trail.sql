-- What people did, each entry chained to the one before (docs/decisions/0032).

create table audit_entry (
    -- From 1, without gaps.
    seq      bigint primary key check (seq > 0),
    at       timestamptz not null,
    by_whom  text not null,
    through  text not null,
    act      text not null,
    -- The account, where there is one; else the moratorium, scenario or person.
    about    text,
    -- JSON, and text all the same: its digest is of these very letters.
    details  text not null,
    previous text not null,
    digest   text not null
);
create index audit_entry_about on audit_entry (about, seq) where about is not null;
create index audit_entry_by on audit_entry (by_whom, seq);

-- Where the chain ends. Whoever appends locks this row, and so waits for whoever
-- appended before: a lock on the last entry would not do, since the next one
-- comes after it.
create table audit_head (
    one    smallint primary key check (one = 1),
    seq    bigint not null,
    digest text not null
);
insert into audit_head (one, seq, digest) values (1, 0, repeat('0', 64));

create function audit_refuses() returns trigger
    language plpgsql
    as $$ begin raise exception 'the audit trail is only ever added to'; end $$;
create trigger audit_entry_stands before update or delete or truncate on audit_entry
    for each statement execute function audit_refuses();
create trigger audit_head_stands before insert or delete or truncate on audit_head
    for each statement execute function audit_refuses();
