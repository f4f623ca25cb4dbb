-- Parked receipts $1 (JSON array of keys with next_at) are looked at again at next_at.
update parked_receipt as p
set next_at = k.value ->> 'next_at'
from json_each($1) as k
where p.provider = k.value ->> 'provider' and p.provider_ref = k.value ->> 'provider_ref' and p.fate = k.value ->> 'fate'
