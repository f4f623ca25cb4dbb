-- Clears switch $1.
delete from control where name = $1
