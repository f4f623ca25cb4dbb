-- Reminders with ids from $1 to before $2, which are those of a day, per state.
select s.state, count(*) as n
from generate_series(0, 1023) as k(bucket)
cross join lateral (
    select r.state from reminder_standing as r
    where r.bucket = k.bucket and r.reminder_id >= $1::uuid and r.reminder_id < $2::uuid offset 0
) as s
group by s.state
order by s.state
