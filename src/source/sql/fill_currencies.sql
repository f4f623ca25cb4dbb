-- Writes the currencies in $1, a JSON array of {code, exponent, unit}.
insert into currency (code, exponent, unit)
select value ->> 'code', value ->> 'exponent', value ->> 'unit'
from json_each($1)
