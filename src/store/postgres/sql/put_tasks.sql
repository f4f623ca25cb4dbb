-- Opens tasks $1 … $7 (arrays). Where one of the kind is open, it has one reason more.
insert into task (bucket, task_id, account_id, kind, reason, opened_at, due_at)
select k.bucket, k.task_id, k.account_id, k.kind, k.reason, k.opened_at, k.due_at
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[]) as k(bucket, task_id, account_id, kind, reason, opened_at, due_at)
where true
on conflict (bucket, account_id, kind) where done_at is null do update set
    reason = case
        when position(excluded.reason in task.reason) > 0 then task.reason
        else task.reason || '; ' || excluded.reason
    end
