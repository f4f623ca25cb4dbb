-- Daemons on one database share the buckets: who works on which, and until
-- when. The only tables whose times are the database's own, so that daemons
-- whose clocks disagree still agree on when a lease is over.

create table bucket_lease (
    bucket     smallint primary key check (bucket between 0 and 1023),
    owner      uuid,
    -- Grows by one whenever somebody takes the bucket, and never falls.
    fence      bigint not null check (fence >= 0),
    expires_at timestamptz,
    -- A lease exists exactly while somebody holds it.
    check ((owner is null) = (expires_at is null))
-- Every row is written again with each sign of life; with room beside it the
-- new version goes onto the same page and no index is touched.
) with (fillfactor = 40);

insert into bucket_lease (bucket, fence)
select n, 0 from generate_series(0, 1023) as n;

-- Who is alive, those included that hold nothing yet: shares are made of it.
create table daemon (
    owner      uuid primary key,
    seen_until timestamptz not null
);
