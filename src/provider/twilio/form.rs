//! `application/x-www-form-urlencoded`, read strictly: what Twilio would not
//! write is not read as something near it, or two readers would see two things.

/// Names and values, as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(pub Vec<(String, String)>);

impl Form {
    /// `None` where it is no such form, or not UTF-8.
    pub fn read(bytes: &[u8]) -> Option<Form> {
        let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let pair = |pair: &[u8]| {
            let mut sides = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(sides.next().unwrap_or_default())?;
            Some((name, decoded(sides.next().unwrap_or_default())?))
        };
        pairs.map(pair).collect::<Option<_>>().map(Form)
    }

    /// The first value of that name; `None` where it is missing or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(*rest.next()?)? * 16 + digit(*rest.next()?)?,
            byte => *byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::api::form;

    #[test]
    fn what_is_no_form_is_not_read() {
        assert_eq!(Form::read(b"").unwrap().0, []);
        assert_eq!(Form::read(b"&a&&b=").unwrap().0.len(), 2);
        for bad in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%+1", b"a=\xff", b"a=%ff"] {
            assert_eq!(Form::read(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(pairs in prop::collection::vec((".+", any::<String>()), 0..5)) {
            let borrowed: Vec<(&str, &str)> =
                pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            prop_assert_eq!(Form::read(form(&borrowed).as_bytes()).unwrap().0, pairs);
        }

        #[test]
        fn whatever_comes_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Form::read(&bytes);
        }
    }
}
