-- Records reasons $1 (JSON array), decided on $2.
insert into why_not (bucket, account_id, bill_id, step, step_on, limit_on, reason, is_open, decided_on)
select k.bucket, k.account_id, k.bill_id, k.step, k.step_on, k.limit_on, k.reason, k.is_open, $2::date
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text, bill_id text, step text, step_on date, limit_on date, reason text, is_open boolean)
where true
on conflict (bucket, bill_id, step) do update set
    step_on = excluded.step_on, limit_on = excluded.limit_on, reason = excluded.reason,
    is_open = excluded.is_open, decided_on = excluded.decided_on
