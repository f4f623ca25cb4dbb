-- Deletes closed reasons of bucket $1 that were decided before $2, of bills that
-- were due, and settled, before that day too.
delete from why_not as w
where w.bucket = $1 and w.decided_on < $2 and w.is_open = 0
    and exists (
        select 1 from bill as b
        where b.bucket = w.bucket and b.bill_id = w.bill_id
            and b.remaining = 0 and b.settled_on < $2 and b.due_on < $2
    )
