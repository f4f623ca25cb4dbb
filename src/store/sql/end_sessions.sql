-- Ends every session of person $1 but $2.
delete from session where person = $1 and session <> $2
