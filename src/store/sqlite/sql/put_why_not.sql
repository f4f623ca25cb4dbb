-- Records reasons $1 (JSON array), decided on $2.
insert into why_not (bucket, account_id, bill_id, step, step_on, limit_on, reason, is_open, decided_on)
select k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'bill_id', k.value ->> 'step', k.value ->> 'step_on', k.value ->> 'limit_on', k.value ->> 'reason', k.value ->> 'is_open', $2
from json_each($1) as k
where true
on conflict (bucket, bill_id, step) do update set
    step_on = excluded.step_on, limit_on = excluded.limit_on, reason = excluded.reason,
    is_open = excluded.is_open, decided_on = excluded.decided_on
