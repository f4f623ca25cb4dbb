//! How far a stage has come, day by day, in the buckets that are ours.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;

use crate::model::{Bucket, Tenure};
use crate::store::StoreError;

/// The day through which a stage has done everything, and for which buckets.
/// Nobody else does it there while we hold them, so it is asked for once.
#[derive(Default)]
pub struct Reach(Mutex<Option<(Tenure, Date)>>);

impl Reach {
    /// Buckets of `tenure` by the day through which they are done, as `asked`
    /// says where nobody remembers: those of one day have the same to do.
    pub async fn alike(
        &self,
        tenure: &Tenure,
        asked: impl Future<Output = Result<HashMap<Bucket, Date>, StoreError>>,
    ) -> Result<BTreeMap<Option<Date>, Vec<Bucket>>, StoreError> {
        if let Some(day) = self.whole(tenure) {
            return Ok(BTreeMap::from([(Some(day), tenure.buckets().collect())]));
        }
        let through = asked.await?;
        let mut alike: BTreeMap<Option<Date>, Vec<Bucket>> = BTreeMap::new();
        for bucket in tenure.buckets() {
            alike.entry(through.get(&bucket).copied()).or_default().push(bucket);
        }
        Ok(alike)
    }

    fn whole(&self, tenure: &Tenure) -> Option<Date> {
        let reached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reached.as_ref().filter(|(held, _)| held == tenure).map(|(_, day)| *day)
    }

    /// Everything of `tenure` is done through `on`, or was before.
    pub fn came(&self, tenure: &Tenure, on: Date) {
        let day = self.whole(tenure).map_or(on, |day| day.max(on));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((tenure.clone(), day));
    }
}
