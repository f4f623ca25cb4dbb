-- All that happened to the reminders of account $1, in order.
select
    r.reminder_id as reminder_id, r.day as day, r.revision as revision, r.step, r.severity, r.items,
    case when s.at is null and t.at is null then 'planned' else 'submitting' end as state,
    coalesce(s.at, r.planned_at) as at, s.channel, s.provider, null as reason, null as note, 0 as seq
from account as a
join reminder as r on r.bucket = a.bucket and r.account_id = a.account_id
left join submission as s
    on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
left join transition as t on t.bucket = r.bucket and t.reminder_id = r.reminder_id and t.seq = 1
where a.account_id = $1 and (s.at is not null or t.at is null)
union all
select
    r.reminder_id as reminder_id, r.day as day, r.revision as revision, r.step, r.severity, r.items,
    t.state, t.at, t.channel, t.provider, t.reason, t.note, t.seq
from account as a
join reminder as r on r.bucket = a.bucket and r.account_id = a.account_id
join transition as t on t.bucket = r.bucket and t.reminder_id = r.reminder_id
where a.account_id = $1
order by day, revision, reminder_id, seq
