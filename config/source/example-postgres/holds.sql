-- Holds: whatever the operator has agreed not to demand, in our words.
-- A stop of a kind that is not listed here becomes an exemption: rather too
-- few reminders than one too many.
select
    stop.id::text                                                             as hold_id,
    stop.customer_no                                                          as account_id,
    stop.invoice_id::text                                                     as bill_id,
    case stop.reason
        when 'PROMISE' then 'promise'
        when 'HARDSHIP' then 'hardship'
        when 'COMPLAINT' then 'complaint'
        when 'DISPUTE' then 'dispute'
        when 'FLOOD' then 'moratorium'
        else 'exemption'
    end                                                                       as kind,
    stop.valid_from::text                                                     as starts_on,
    stop.valid_until::text                                                    as ends_on,
    stop.disputed_amount::text                                                as amount,
    -- A disputed part is in the currency of its bill.
    invoice.currency,
    to_char(stop.updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')   as changed_at
from billing.dunning_stop as stop
left join billing.invoice on invoice.id = stop.invoice_id
where (stop.updated_at, stop.id)
    > (:changed_at::timestamp at time zone 'UTC', coalesce(nullif(:id, '')::bigint, 0))
order by stop.updated_at, stop.id
limit :page
