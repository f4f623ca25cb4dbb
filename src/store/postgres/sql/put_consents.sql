-- Adds entries $1 … $9 (arrays) to the consent ledger; one that is there already
-- stays as it is.
insert into consent (bucket, account_id, channel, purpose, said_at, is_given, source, proof, noted_at)
select k.bucket, k.account_id, k.channel, k.purpose, k.said_at, k.is_given, k.source, k.proof, k.noted_at
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[], $7::text[], $8::text[], $9::timestamptz[]) as k(bucket, account_id, channel, purpose, said_at, is_given, source, proof, noted_at)
where true
on conflict (bucket, account_id, channel, purpose, said_at, is_given) do nothing
