-- What follows in this transaction waits for $1 at most, and lasts for $2 at most.
select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)
