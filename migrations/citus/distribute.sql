-- Spreads the tables over the servers of a Citus cluster, by bucket. Not run by
-- Duebell: docs/scale.md says when and how. Run it once, on the coordinator,
-- after the first `duebell` command has made the tables and while no daemon runs.
--
-- What has a bucket lies with everything else of that bucket, so a join of ours
-- stays on one server. What has none is small, and every server has a copy.
-- bucket_lease stays on the coordinator alone: a statement locks many of its rows,
-- which Citus refuses over several shards, and joins it with no other table.
-- So do audit_entry and audit_head: one chain is one chain, and Citus keeps no
-- triggers on tables that it spreads or copies.

create extension if not exists citus;

select create_distributed_table('account', 'bucket', shard_count => 128);
select create_distributed_table('bill', 'bucket', colocate_with => 'account');
select create_distributed_table('payment', 'bucket', colocate_with => 'account');
select create_distributed_table('hold', 'bucket', colocate_with => 'account');
select create_distributed_table('placed_hold', 'bucket', colocate_with => 'account');
select create_distributed_table('evidence', 'bucket', colocate_with => 'account');
select create_distributed_table('contact', 'bucket', colocate_with => 'account');
select create_distributed_table('notice_proof', 'bucket', colocate_with => 'account');
select create_distributed_table('touched', 'bucket', colocate_with => 'account');
select create_distributed_table('plan_mark', 'bucket', colocate_with => 'account');
select create_distributed_table('dunning_case', 'bucket', colocate_with => 'account');
select create_distributed_table('debt_class', 'bucket', colocate_with => 'account');
select create_distributed_table('assess_mark', 'bucket', colocate_with => 'account');
select create_distributed_table('task', 'bucket', colocate_with => 'account');
select create_distributed_table('estimate', 'bucket', colocate_with => 'account');
select create_distributed_table('spared', 'bucket', colocate_with => 'account');
select create_distributed_table('watch', 'bucket', colocate_with => 'account');
select create_distributed_table('departure', 'bucket', colocate_with => 'account');
select create_distributed_table('proposal', 'bucket', colocate_with => 'account');
select create_distributed_table('advice', 'bucket', colocate_with => 'account');
select create_distributed_table('experiment_entry', 'bucket', colocate_with => 'account');
select create_distributed_table('repeat_debtor', 'bucket', colocate_with => 'account');
select create_distributed_table('why_not', 'bucket', colocate_with => 'account');
select create_distributed_table('sent_item', 'bucket', colocate_with => 'account');
select create_distributed_table('receipt_inbox', 'bucket', colocate_with => 'account');
select create_distributed_table('reply', 'bucket', colocate_with => 'account');
select create_distributed_table('suppression', 'bucket', colocate_with => 'account');
select create_distributed_table('wish', 'bucket', colocate_with => 'account');
select create_distributed_table('consent', 'bucket', colocate_with => 'account');
select create_distributed_table('tally', 'bucket', colocate_with => 'account');
select create_distributed_table('message_part', 'bucket', colocate_with => 'account');
-- With their partitions, those that are there and those to come.
select create_distributed_table('reminder', 'bucket', colocate_with => 'account');
select create_distributed_table('submission', 'bucket', colocate_with => 'account');
select create_distributed_table('transition', 'bucket', colocate_with => 'account');

select create_reference_table('feed');
select create_reference_table('reject');
select create_reference_table('policy');
select create_reference_table('control');
select create_reference_table('mark');
select create_reference_table('daemon');
select create_reference_table('moratorium');
select create_reference_table('outage');
select create_reference_table('experiment');
select create_reference_table('person');
select create_reference_table('session');
select create_reference_table('sign_in_try');
-- Receipts that do not say which bucket they are about.
select create_reference_table('parked_receipt');
