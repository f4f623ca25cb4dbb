-- What is known of an account beyond its bills, each row as the feed had it last.
create table evidence (
    bucket     smallint not null,
    -- contracts, complaints, usage and so on.
    feed       text not null,
    row_id     text not null,
    account_id text not null,
    -- When it became known.
    on_day     date not null,
    -- When the last of it happened; null while it lasts.
    over_on    date,
    -- What the row says, as JSON.
    body       text not null,
    primary key (bucket, feed, row_id)
);
create index evidence_of_account on evidence (bucket, account_id, on_day);
-- Rows that may go over from one account to another, and so from bucket to bucket.
create index evidence_that_moves on evidence (row_id) where feed <> 'usage';

-- Outages are of an area, and of every account in it.
create table outage (
    outage_id text primary key,
    area      text not null,
    starts_on date not null,
    ends_on   date
);
create index outage_of_area on outage (area, starts_on);
