-- Flags repeat debtors $1 (JSON array); the first flag stands.
insert into repeat_debtor (bucket, account_id, flagged_on, bills)
select k.bucket, k.account_id, k.flagged_on, k.bills
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text, flagged_on date, bills text)
where true
on conflict (bucket, account_id) do nothing
