-- The hold $1 is lifted by $2 at $3. Returns whose it was.
update placed_hold set ended = 'lifted', ended_by = $2, ended_at = $3
where hold_id = $1 and ended is null
returning bucket, account_id
