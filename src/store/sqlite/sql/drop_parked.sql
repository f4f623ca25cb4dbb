-- Deletes parked receipts $1 (JSON array of keys): what they said stands elsewhere by now, or is of no use.
delete from parked_receipt
where (provider, provider_ref, fate) in (
    select k.value ->> 'provider', k.value ->> 'provider_ref', k.value ->> 'fate' from json_each($1) as k
)
