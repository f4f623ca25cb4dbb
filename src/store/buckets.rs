//! Sets of buckets on their way into a statement.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::model::Bucket;

use super::set::{Array, Column, Rows, SetRow, set_row};

set_row! {
    struct BucketKey {
        bucket: Bucket,
    }

    /// Buckets from the first to the last.
    pub struct Run {
        first: Bucket,
        last: Bucket,
    }
}

/// Buckets, one by one, as the statements take them; on SQLite they are plain
/// numbers. Nearly every statement of a round takes all of them, so what SQLite
/// reads is cut from what was written out once.
pub struct BucketKeys<'a>(&'a [Bucket]);

pub fn bucket_keys(buckets: &[Bucket]) -> BucketKeys<'_> {
    BucketKeys(buckets)
}

/// The number of every bucket with a comma after it, and where each begins.
static WRITTEN: LazyLock<(String, Vec<usize>)> = LazyLock::new(|| {
    let (mut text, mut starts) = (String::new(), Vec::new());
    for bucket in Bucket::all() {
        starts.push(text.len());
        text += &format!("{},", bucket.number());
    }
    starts.push(text.len());
    (text, starts)
});

impl Rows for BucketKeys<'_> {
    fn columns(&self) -> &'static [Column] {
        BucketKey::COLUMNS
    }

    fn to_json(&self) -> Cow<'_, str> {
        let (text, starts) = &*WRITTEN;
        let parts = bucket_runs(self.0).into_iter().map(|Run { first, last }| {
            &text[starts[usize::from(first.number())]..starts[usize::from(last.number()) + 1]]
        });
        let parts: String = parts.collect();
        format!("[{}]", parts.trim_end_matches(',')).into()
    }

    fn to_arrays(&self) -> Vec<Array> {
        let keys = self.0.iter().map(|bucket| BucketKey { bucket: *bucket });
        keys.collect::<Vec<_>>().to_arrays()
    }
}

/// Buckets as runs, for statements that pass over all of them.
pub fn bucket_runs(buckets: &[Bucket]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for bucket in buckets {
        match runs.last_mut() {
            Some(run) if run.last.number() + 1 == bucket.number() => run.last = *bucket,
            _ => runs.push(Run { first: *bucket, last: *bucket }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_cut_out_is_what_would_be_written(
            numbers in prop::collection::vec(prop_oneof![0i64..8, 0i64..1024, 1015i64..1024], 0..40),
        ) {
            let buckets: Vec<Bucket> = numbers.into_iter().map(Bucket::from_number).collect();
            let written = serde_json::to_string(&buckets).unwrap();
            let cut = bucket_keys(&buckets);
            prop_assert_eq!(cut.to_json(), written);
        }
    }
}
