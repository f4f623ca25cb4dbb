-- Ends session $2 of person $1.
delete from session where person = $1 and session = $2
