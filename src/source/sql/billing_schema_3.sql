-- From version 2 of the billing tables to version 3: what is known of accounts
-- beyond their bills, complaints, usage and so on, one row for each row of the
-- feed that `feed` names.
create table evidence (
    feed       text not null,
    id         text not null,
    -- Null for outages, which are of an area.
    account_id text references account (id),
    -- The other columns of the feed by name, as a JSON object of texts.
    says       text not null check (json_valid(says)),
    changed_at text not null,
    primary key (feed, id)
) strict;

-- A page of a feed walks along its own.
create index contracts_changed on evidence (changed_at, id) where feed = 'contracts';
create index complaints_changed on evidence (changed_at, id) where feed = 'complaints';
create index outages_changed on evidence (changed_at, id) where feed = 'outages';
create index usage_changed on evidence (changed_at, id) where feed = 'usage';
create index returns_changed on evidence (changed_at, id) where feed = 'returns';
create index failures_changed on evidence (changed_at, id) where feed = 'failures';
create index porting_changed on evidence (changed_at, id) where feed = 'porting';
create index identities_changed on evidence (changed_at, id) where feed = 'identities';
create index write_offs_changed on evidence (changed_at, id) where feed = 'write_offs';
create index evidence_account on evidence (account_id);
pragma user_version = 3;
