-- All that happened to the reminders of account $1, in order.
select
    lower(hex(s.reminder_id)) as reminder_id, s.day as day, s.step, s.severity, i.bill_id, i.step as item_step,
    coalesce(t.state, 'planned') as state, coalesce(t.at, s.planned_at) as at, t.channel, t.provider, t.reason, t.note,
    coalesce(t.seq, 0) as seq
from account as a
join reminder as s on s.bucket = a.bucket and s.account_id = a.account_id
join reminder_item as i on i.bucket = s.bucket and i.reminder_id = s.reminder_id
left join transition as t on t.bucket = s.bucket and t.reminder_id = s.reminder_id
where a.account_id = $1
order by s.day, s.revision, s.reminder_id, coalesce(t.seq, 0), i.bill_id
