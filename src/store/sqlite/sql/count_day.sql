-- Reminders with ids from $1 to before $2, which are those of a day, per state.
with recursive k (bucket) as (select 0 union all select bucket + 1 from k where bucket < 1023)
select s.state, count(*) as n
from k
cross join reminder_standing as s
where s.bucket = k.bucket and s.reminder_id >= unhex($1) and s.reminder_id < unhex($2)
group by s.state
order by s.state
