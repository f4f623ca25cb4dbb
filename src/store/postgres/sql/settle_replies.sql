-- Replies $1 … $6 (arrays) are settled at $7: what they mean and say, whose
-- they are, and whether people are to read them. Returns those that are so from now on.
with open as materialized (
    select r.bucket, r.reply_id, k.meaning, k.words, k.account_id, k.for_people
    from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[]) as k(bucket, reply_id, meaning, words, account_id, for_people)
    cross join lateral (
        select * from reply as r
        where r.bucket = k.bucket and r.reply_id = k.reply_id and r.settled_at is null
        offset 0
    ) as r
)
update reply as r
set meaning = open.meaning, words = coalesce(open.words, r.words), account_id = open.account_id,
    for_people = open.for_people, settled_at = instant($7)
from open
where r.bucket = open.bucket and r.reply_id = open.reply_id
returning r.bucket, r.reply_id
