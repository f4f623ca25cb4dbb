-- Accounts: the customer with the first of each kind of contact. A contact
-- that changes must hand the account out again, so the later stamp counts.
-- This database has no index for that; with many customers, keep a column.
select
    changed.customer_no                                                       as account_id,
    changed.person_no                                                         as person_id,
    changed.display_name                                                      as name,
    coalesce(changed.language, 'de')                                          as language,
    'Europe/Berlin'                                                           as zone,
    case changed.class when 'A' then 'key' when 'B' then 'main' when 'D' then 'small' else 'ordinary' end as tier,
    changed.brand                                                             as segment,
    changed.phone,
    changed.email,
    case changed.contact_by when 'TEXT' then 'sms' when 'CALL' then 'voice' when 'MAIL' then 'email' end as preferred_channel,
    to_char(changed.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')        as changed_at
from (
    select
        customer.*,
        contact.phone,
        contact.email,
        greatest(customer.updated_at, contact.updated_at) as at
    from crm.customer
    left join (
        select
            customer_no,
            min(value) filter (where kind = 'mobile') as phone,
            min(value) filter (where kind = 'email')  as email,
            max(updated_at)                           as updated_at
        from crm.contact
        where valid_to is null
        group by customer_no
    ) as contact using (customer_no)
) as changed
-- A text key is compared byte by byte ("C"), so that the place is the same
-- whatever the database's collation.
where (changed.at, changed.customer_no collate "C")
    > (:changed_at::timestamp at time zone 'UTC', :id)
order by changed.at, changed.customer_no collate "C"
limit :page
