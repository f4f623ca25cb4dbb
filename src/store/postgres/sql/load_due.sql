-- Up to $6 planned reminders of buckets $1 (arrays) that may be
-- submitted at $2, in the order of bucket and id, in bucket $3 after id $4, with their
-- accounts. $5 is the first id of the earliest day that may still be under way.
-- Differs: PostgreSQL is told to begin with the reminders, in the order of their
-- ids; by itself it may begin with every account of a bucket. What it is told of $5 twice
-- keeps it from planning for months that are over.
with due as materialized (
    select planned.*
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (
        select
            r.bucket, r.reminder_id, r.account_id, r.day, r.revision, r.scenario, r.policy, r.step, r.severity,
            r.channels, r.items, r.planned_at, r.send_after, r.send_before
        from reminder as r
        where r.bucket = k.bucket
            and r.reminder_id >= $5::uuid
            and r.reminder_id >= case when k.bucket = $3 then greatest($4::uuid, $5::uuid) else $5::uuid end
            and (r.bucket <> $3 or r.reminder_id > $4::uuid)
            and r.send_after <= instant($2) and r.send_before > instant($2)
            and not exists (
                select 1 from submission as s
                where s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
            )
            and not exists (
                select 1 from transition as t
                where t.bucket = r.bucket and t.reminder_id = r.reminder_id and t.reminder_id >= $5::uuid
            )
        order by r.reminder_id
        limit $6
    ) as planned
    order by planned.bucket, planned.reminder_id
    limit $6
)
select
    r.*, a.name, a.language, a.zone, a.tier, a.segment, a.area, a.person_id, a.phone, a.email, a.preferred_channel,
    coalesce(c.changes, 0) as changes,
    (
        select string_agg(s.channel || ':' || case when not s.is_lifted then s.cause else 'agreed' end, ',') from suppression as s
        where s.bucket = a.bucket and s.account_id = a.account_id
            and case when not s.is_lifted then s.cause in ('opt_out', 'complaint') or s.address in (a.phone, a.email) else s.cause = 'opt_out' end
    ) as suppressed,
    (
        select json_object_agg(w.kind, w.value)::text from wish as w
        where w.bucket = a.bucket and w.account_id = a.account_id and w.value is not null
    ) as wishes
from due as r
cross join lateral (
    select * from account as a where a.bucket = r.bucket and a.account_id = r.account_id limit 1
) as a
left join touched as c on c.bucket = r.bucket and c.account_id = r.account_id
order by r.bucket, r.reminder_id
