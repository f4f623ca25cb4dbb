-- Replies $1 (JSON array) are settled at $2: what they mean and say, whose they
-- are, and whether people are to read them. Returns those that are so from now on.
-- Differs: in SQLite the plus keeps it from going through all that are open.
update reply as r
set meaning = k.value ->> 'meaning', words = coalesce(k.value ->> 'words', r.words), account_id = k.value ->> 'account_id', for_people = k.value ->> 'for_people',
    settled_at = $2
from json_each($1) as k
where r.bucket = k.value ->> 'bucket' and r.reply_id = k.value ->> 'reply_id' and +r.settled_at is null
returning bucket, reply_id
