-- Accounts $1 … $8 (arrays) come into experiments; who is in one stays as it came.
insert into experiment_entry (bucket, experiment, account_id, arm, bill_id, entered_on, limit_on, tier)
select k.bucket, k.experiment, k.account_id, k.arm, k.bill_id, k.entered_on, k.limit_on, k.tier
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::text[]) as k(bucket, experiment, account_id, arm, bill_id, entered_on, limit_on, tier)
where true
on conflict (bucket, experiment, account_id) do nothing
