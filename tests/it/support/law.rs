//! The laws that come with Duebell.

use duebell::policy::law::{Law, Presets, Settings};

/// Every preset, with something in what it leaves to the operator.
pub fn laws() -> Vec<Law> {
    let presets = Presets::built_in();
    let law = |name: &&str| {
        let mut settings = Settings::default();
        for problem in presets.law(name, &settings).err().unwrap_or_default() {
            let key = problem.field.strip_prefix("contact.values.").unwrap().to_owned();
            let value = if key == "caps" { serde_json::json!([]) } else { serde_json::json!(60) };
            settings.values.insert(key, value);
        }
        presets.law(name, &settings).unwrap()
    };
    presets.names().iter().map(law).collect()
}
