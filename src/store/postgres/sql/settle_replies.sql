-- Replies $1 … $5 (arrays) are settled at $6: what they mean, whose they
-- are, and whether people are to read them. Returns those that are so from now on.
with open as materialized (
    select r.bucket, r.reply_id, k.meaning, k.account_id, k.for_people
    from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::boolean[]) as k(bucket, reply_id, meaning, account_id, for_people)
    cross join lateral (
        select * from reply as r
        where r.bucket = k.bucket and r.reply_id = k.reply_id and r.settled_at is null
        offset 0
    ) as r
)
update reply as r
set meaning = open.meaning, account_id = open.account_id, for_people = open.for_people, settled_at = instant($6)
from open
where r.bucket = open.bucket and r.reply_id = open.reply_id
returning r.bucket, r.reply_id
