//! The rules and figures by which accounts are judged: files of the operator's
//! in the place of those that come with Duebell.

use std::path::Path;

use super::{Paths, Problem};
use crate::risk;
use crate::risk::cause::Rules;
use crate::risk::estimate::Yardsticks;
use crate::risk::value::Figures;
use crate::risk::watch;

/// Reads a file of this key, where there is one; everything that is wrong with it.
fn read_as<T>(
    path: &Path,
    key: &str,
    read: impl FnOnce(&str) -> Result<T, Vec<risk::Problem>>,
) -> Result<Option<T>, Vec<Problem>> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let what = format!("could not be read: {error}");
        vec![Problem::in_file(&file, key, &what)]
    })?;
    read(&text).map(Some).map_err(|wrong| {
        wrong.into_iter().map(|p| Problem::in_file(&file, &p.field, &p.what)).collect()
    })
}

/// Reads the rules of the debt class.
pub fn read_causes(path: &Path) -> Result<Rules, Vec<Problem>> {
    Ok(read_as(path, "paths.classify", Rules::read)?.unwrap_or_else(Rules::built_in))
}

/// Reads the figures, the rules of early warning and the reasons for leaving.
pub fn read(paths: &Paths) -> Result<Yardsticks, Vec<Problem>> {
    let (mut yardsticks, mut problems) = (Yardsticks::built_in(), Vec::new());
    match read_as(&paths.value, "paths.value", Figures::read) {
        Ok(Some(figures)) => (yardsticks.figures, yardsticks.is_binding) = (figures, true),
        Ok(None) => {}
        Err(wrong) => problems.extend(wrong),
    }
    match read_as(&paths.watch, "paths.watch", watch::Rules::read) {
        Ok(Some(rules)) => yardsticks.watch = rules,
        Ok(None) => {}
        Err(wrong) => problems.extend(wrong),
    }
    if let Err(wrong) = read_as(&paths.churn, "paths.churn", |text| yardsticks.codes.add(text)) {
        problems.extend(wrong);
    }
    if problems.is_empty() { Ok(yardsticks) } else { Err(problems) }
}
