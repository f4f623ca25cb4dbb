-- Complaints, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as complaint_id,
    account_id,
    says ->> 'topic' as topic,
    says ->> 'opened_on' as opened_on,
    says ->> 'closed_on' as closed_on,
    says ->> 'satisfied' as satisfied,
    says ->> 'answered_on' as answered_on,
    changed_at
from evidence indexed by complaints_changed
where feed = 'complaints' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
