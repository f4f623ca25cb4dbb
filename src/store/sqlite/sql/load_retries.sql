-- Up to $4 reminders of buckets $1 (JSON array of {first, last}) whose retry came due after
-- $2 and not after $3, inside their window, with their accounts.
-- Differs: in SQLite a cross join keeps its order, so that the moments lead.
select
    r.bucket, r.reminder_id, r.account_id, r.day, r.revision, r.scenario, r.policy, r.step, r.severity, r.channels, r.items,
    r.planned_at, r.send_after, r.send_before,
    a.name, a.language, a.zone, a.tier, a.segment, a.area, a.person_id, a.phone, a.email,
    a.preferred_channel, coalesce(c.changes, 0) as changes,
    (
        select group_concat(s.channel || ':' || case when s.is_lifted = 0 then s.cause else 'agreed' end, ',') from suppression as s
        where s.bucket = a.bucket and s.account_id = a.account_id
            and case when s.is_lifted = 0 then s.cause in ('opt_out', 'complaint') or s.address in (a.phone, a.email) else s.cause = 'opt_out' end
    ) as suppressed,
    (
        select json_group_object(w.kind, w.value) from wish as w
        where w.bucket = a.bucket and w.account_id = a.account_id and w.value is not null
    ) as wishes,
    t.seq, t.attempt, t.channel, case when t.state = 'unheard' then 1 else 0 end as was_taken,
    case when t.note like 'throttled%' then null else t.provider end as failed,
    (
        select count(*) from transition as tried
        where tried.bucket = t.bucket and tried.reminder_id = t.reminder_id
            and tried.state = 'submitting' and tried.channel = t.channel
    ) + (
        select count(*) from submission as first
        where first.bucket = r.bucket and first.account_id = r.account_id and first.day = r.day
            and first.reminder_id = r.reminder_id and first.channel = t.channel
    ) - (
        select count(*) from transition as slowed
        where slowed.bucket = t.bucket and slowed.reminder_id = t.reminder_id
            and slowed.state in ('retry_later', 'unheard') and slowed.channel = t.channel and slowed.note like 'throttled%'
    ) as on_channel,
    (
        select count(*) from transition as ours
        where ours.bucket = t.bucket and ours.reminder_id = t.reminder_id
            and ours.state in ('retry_later', 'unheard') and ours.channel = t.channel and ours.note like 'our account%'
    ) as spared
from transition as t
cross join reminder as r on r.bucket = t.bucket and r.reminder_id = t.reminder_id
join account as a on a.bucket = r.bucket and a.account_id = r.account_id
left join touched as c on c.bucket = r.bucket and c.account_id = r.account_id
where t.next_at > $2 and t.next_at <= $3 and t.state in ('retry_later', 'unheard') and r.send_before > $3
    and exists (
        select 1 from json_each($1) as k
        where t.bucket between k.value ->> 'first' and k.value ->> 'last'
    )
    and not exists (
        select 1 from transition as later
        where later.bucket = t.bucket and later.reminder_id = t.reminder_id and later.seq > t.seq
    )
order by t.next_at, t.bucket, t.reminder_id
limit $4 + 0
