-- What people did, each entry chained to the one before (docs/decisions/0032).

create table audit_entry (
    -- From 1, without gaps.
    seq      integer primary key check (seq > 0),
    at       integer not null,
    by_whom  text not null,
    through  text not null,
    act      text not null,
    -- The account, where there is one; else the moratorium, scenario or person.
    about    text,
    -- JSON, letter for letter: its digest is of these very letters.
    details  text not null,
    previous text not null,
    digest   text not null
) strict;
create index audit_entry_about on audit_entry (about, seq) where about is not null;
create index audit_entry_by on audit_entry (by_whom, seq);

-- Where the chain ends. Whoever appends reads it as the one writer there is.
create table audit_head (
    one    integer primary key check (one = 1),
    seq    integer not null,
    digest text not null
) strict;
insert into audit_head (one, seq, digest)
values (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

create trigger audit_entry_is_not_changed before update on audit_entry
begin
    select raise(abort, 'the audit trail is only ever added to');
end;
create trigger audit_entry_is_not_deleted before delete on audit_entry
begin
    select raise(abort, 'the audit trail is only ever added to');
end;
-- `insert or replace` deletes without asking the trigger above.
create trigger audit_entry_is_not_replaced before insert on audit_entry
when exists (select 1 from audit_entry where seq = new.seq)
begin
    select raise(abort, 'the audit trail is only ever added to');
end;
create trigger audit_head_is_not_deleted before delete on audit_head
begin
    select raise(abort, 'the audit trail is only ever added to');
end;
create trigger audit_head_is_not_another before insert on audit_head
begin
    select raise(abort, 'the audit trail is only ever added to');
end;

-- As in 0002: what SQLite is to assume about the tables.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('audit_entry', 'audit_entry_about', '100000 10 1'),
    ('audit_entry', 'audit_entry_by', '100000 2000 1');
analyze sqlite_schema;
