-- The watch list from day $1 on, the latest and weightiest first; up to $2.
select w.bucket, w.account_id, w.watched_on, w.until_on, w.warnings
from watch as w
where w.watched_on >= $1
order by w.watched_on desc, w.weight desc, w.account_id
limit $2 + 0
