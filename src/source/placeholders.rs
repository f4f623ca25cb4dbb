//! Turns the operator's `:name` placeholders into a database's numbered ones.

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Sqlite,
}

/// Replaces each `:name` by `$n`, n being its place in `names` from 1, and
/// says which were used. Casts (`::date`), quoted text and comments are left
/// alone; unknown names stay, for the database to complain of.
///
/// On PostgreSQL every value is given its type (`page` is a number, the rest
/// is text), so that what the operator casts does not change what we must bind.
pub fn translate(sql: &str, names: &[&str], dialect: Dialect) -> (String, Vec<bool>) {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut used = vec![false; names.len()];
    let mut rest = sql;
    while let Some(next) = rest.chars().next() {
        let kept = skipped(rest);
        if kept > 0 {
            out.push_str(&rest[..kept]);
            rest = &rest[kept..];
            continue;
        }
        let name_len = match rest.strip_prefix(':') {
            Some(tail) => {
                tail.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()
            }
            None => 0,
        };
        match names.iter().position(|name| name_len > 0 && *name == &rest[1..=name_len]) {
            Some(index) => {
                used[index] = true;
                out.push_str(&placeholder(index + 1, names[index], dialect));
                rest = &rest[1 + name_len..];
            }
            None => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    (out, used)
}

fn placeholder(number: usize, name: &str, dialect: Dialect) -> String {
    match (dialect, name) {
        (Dialect::Sqlite, _) => format!("${number}"),
        (Dialect::Postgres, "page") => format!("${number}::bigint"),
        (Dialect::Postgres, _) => format!("${number}::text"),
    }
}

/// Length of what starts here and holds no placeholder: a cast, quoted text,
/// a comment; 0 if nothing of the kind does.
fn skipped(rest: &str) -> usize {
    let to_end = |end: Option<usize>, closing: usize| end.map_or(rest.len(), |at| at + closing);
    match rest.as_bytes() {
        [b':', b':', ..] => 2,
        [b'-', b'-', ..] => to_end(rest.find('\n'), 1),
        [b'/', b'*', ..] => to_end(rest[2..].find("*/").map(|at| at + 2), 2),
        [quote @ (b'\'' | b'"'), ..] => {
            to_end(rest[1..].find(char::from(*quote)).map(|at| at + 1), 1)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: &str) {
        let (postgres, _) = translate(sql, &["changed_at", "id", "page"], Dialect::Postgres);
        assert_eq!(postgres, expected);
    }

    #[test]
    fn casts_comments_and_quoted_text_are_left_alone() {
        check(":changed_at::timestamptz", "$1::text::timestamptz");
        check("a > :id limit :page", "a > $2::text limit $3::bigint");
        check("':id' || \":id\" -- :id\n, :id", "':id' || \":id\" -- :id\n, $2::text");
        check("/* :id */ :idx ::id", "/* :id */ :idx ::id");
        check("'unclosed :id", "'unclosed :id");
    }

    #[test]
    fn a_placeholder_that_is_not_there_is_noticed() {
        let (_, used) = translate("select :id", &["changed_at", "id"], Dialect::Sqlite);
        assert_eq!(used, [false, true]);
    }
}
