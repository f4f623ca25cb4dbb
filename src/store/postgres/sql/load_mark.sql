-- How far $1 came.
select micros(at) as at from mark where name = $1
