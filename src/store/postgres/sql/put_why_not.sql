-- Records reasons $1 … $8 (arrays), decided on $9.
insert into why_not (bucket, account_id, bill_id, step, step_on, limit_on, reason, is_open, decided_on)
select k.bucket, k.account_id, k.bill_id, k.step, k.step_on, k.limit_on, k.reason, k.is_open, $9::date
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[], $8::boolean[]) as k(bucket, account_id, bill_id, step, step_on, limit_on, reason, is_open)
where true
on conflict (bucket, bill_id, step) do update set
    step_on = excluded.step_on, limit_on = excluded.limit_on, reason = excluded.reason,
    is_open = excluded.is_open, decided_on = excluded.decided_on
