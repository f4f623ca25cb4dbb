-- Deletes keys (bill, step) of bucket $1 that were taken before $2, of bills that
-- were due, and settled, before that day too. A bill that is owed keeps its keys.
delete from sent_item as s
where s.bucket = $1 and s.day < $2::date
    and exists (
        select 1 from bill as b
        where b.bucket = s.bucket and b.bill_id = s.bill_id
            and b.remaining = 0 and b.settled_on < $2::date and b.due_on < $2::date
    )
