-- Advice $1 … $7 (arrays).
insert into advice (bucket, advice_id, account_id, outcome, body, made_at, next_at)
select k.bucket, k.advice_id, k.account_id, k.outcome, k.body, k.made_at, k.next_at
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[]) as k(bucket, advice_id, account_id, outcome, body, made_at, next_at)
