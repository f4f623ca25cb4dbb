-- Flags repeat debtors $1 … $4 (arrays); the first flag stands.
insert into repeat_debtor (bucket, account_id, flagged_on, bills)
select k.bucket, k.account_id, k.flagged_on, k.bills
from unnest($1::smallint[], $2::text[], $3::date[], $4::text[]) as k(bucket, account_id, flagged_on, bills)
where true
on conflict (bucket, account_id) do nothing
