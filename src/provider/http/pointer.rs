//! Where something lies in JSON: a pointer (RFC 6901) in which `*` stands for
//! every element of a list.

use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// # Errors
    /// What is wrong, and how to mend it.
    pub fn parse(text: &str) -> Result<Pointer, String> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err(format!("{text:?} is no JSON pointer; write one such as /messages/0/id"));
        };
        let part = |part: &str| part.replace("~1", "/").replace("~0", "~");
        Ok(Pointer(rest.split('/').map(part).collect()))
    }

    /// What lies there: one thing, or one for each element of a list. `None`
    /// stands for what is not there.
    pub fn all<'v>(&self, root: &'v Value) -> Vec<Option<&'v Value>> {
        let mut found = vec![Some(root)];
        for part in &self.0 {
            found = found
                .into_iter()
                .flat_map(|value| match (value, part.as_str()) {
                    (Some(Value::Array(list)), "*") => list.iter().map(Some).collect(),
                    (Some(Value::Array(list)), index) => {
                        vec![index.parse::<usize>().ok().and_then(|index| list.get(index))]
                    }
                    (Some(Value::Object(table)), name) => vec![table.get(name)],
                    _ => vec![None],
                })
                .collect();
        }
        found
    }

    /// The first thing that lies there, as text.
    pub fn text(&self, root: &Value) -> Option<String> {
        self.all(root).into_iter().flatten().find_map(text)
    }
}

/// A value without parts as text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null => Some("null".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_finds_one_thing_or_one_of_each_element() {
        let root = json!({"a/b": {"~": 1}, "list": [{"s": "0"}, {"s": 7}, {}], "n": null});
        let all = |pointer: &str| -> Vec<Option<String>> {
            let found = Pointer::parse(pointer).unwrap();
            found.all(&root).into_iter().map(|value| value.and_then(text)).collect()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(all("/a~1b/~0"), [some("1")]);
        assert_eq!(all("/list/1/s"), [some("7")]);
        assert_eq!(all("/list/*/s"), [some("0"), some("7"), None]);
        assert_eq!(all("/n"), [some("null")]);
        for nothing in ["/x", "/list/9", "/list/s", "/n/x", "/list/0/s/x", "/"] {
            assert_eq!(all(nothing), [None], "{nothing}");
        }
        assert!(Pointer::parse("messages").unwrap_err().contains("no JSON pointer"));
    }
}
