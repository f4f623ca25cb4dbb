-- Up to $6 planned reminders of buckets $1 (JSON array of numbers) that may be
-- submitted at $2, in the order of bucket and id, in bucket $3 after id $4, with their
-- accounts. $5 is the first id of the earliest day that may still be under way.
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
    ) as wishes
from json_each($1) as k
join reminder as r on r.bucket = k.value and r.send_before > $2 and r.reminder_id >= unhex($5)
join account as a on a.bucket = r.bucket and a.account_id = r.account_id
left join touched as c on c.bucket = r.bucket and c.account_id = r.account_id
where r.send_after <= $2 and (r.bucket <> $3 or r.reminder_id > unhex($4))
    and not exists (
        select 1 from submission as s
        where s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
    )
    and not exists (
        select 1 from transition as t where t.bucket = r.bucket and t.reminder_id = r.reminder_id
    )
order by r.bucket, r.reminder_id
limit $6 + 0
