-- Holds: whatever the operator has agreed not to demand, in our words.
-- A stop of a kind that is not listed here becomes an exemption: rather too
-- few reminders than one too many.
select
    stop.id                                              as hold_id,
    stop.customer_no                                     as account_id,
    stop.invoice_id                                      as bill_id,
    case stop.reason
        when 'PROMISE' then 'promise'
        when 'HARDSHIP' then 'hardship'
        when 'COMPLAINT' then 'complaint'
        when 'DISPUTE' then 'dispute'
        when 'FLOOD' then 'moratorium'
        else 'exemption'
    end                                                  as kind,
    stop.valid_from                                      as starts_on,
    stop.valid_until                                     as ends_on,
    stop.disputed_amount                                 as amount,
    -- A disputed part is in the currency of its bill.
    invoice.currency,
    date_format(stop.updated_at, '%Y-%m-%d %H:%i:%s.%f') as changed_at
from dunning_stop as stop
left join invoice on invoice.id = stop.invoice_id
where stop.updated_at >= cast(:changed_at as datetime(6))
  and (stop.updated_at > cast(:changed_at as datetime(6)) or stop.id > cast(:id as unsigned))
order by stop.updated_at, stop.id
limit :page
