//! Turns the operator's `:name` placeholders into those of a database.

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Sqlite,
    /// MariaDB as well.
    MySql,
}

/// SQL with the database's own placeholders.
#[derive(Debug, PartialEq, Eq)]
pub struct Translated {
    pub sql: String,
    /// What to bind, in order, as places in the list of names. A name that is
    /// used twice is bound twice where the database counts places alone.
    pub binds: Vec<usize>,
}

/// Replaces each `:name` of `names`. Casts (`::date`), quoted text and
/// comments are left alone; unknown names stay, for the database to complain of.
///
/// On PostgreSQL every value is given its type (`page` is a number, the rest
/// is text), so that what the operator casts does not change what we must bind.
pub fn translate(sql: &str, names: &[&str], dialect: Dialect) -> Translated {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut binds = Vec::new();
    let mut rest = sql;
    while let Some(next) = rest.chars().next() {
        let kept = skipped(rest, dialect);
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
                out.push_str(&placeholder(index, names, dialect, &mut binds));
                rest = &rest[1 + name_len..];
            }
            None => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    Translated { sql: out, binds }
}

/// Notes that the name is bound, and says how it is written.
fn placeholder(index: usize, names: &[&str], dialect: Dialect, binds: &mut Vec<usize>) -> String {
    if dialect == Dialect::MySql {
        binds.push(index);
        return "?".to_owned();
    }
    let place = binds.iter().position(|bound| *bound == index).unwrap_or_else(|| {
        binds.push(index);
        binds.len() - 1
    });
    let number = place + 1;
    match (dialect, names[index]) {
        (Dialect::Postgres, "page") => format!("${number}::bigint"),
        (Dialect::Postgres, _) => format!("${number}::text"),
        _ => format!("${number}"),
    }
}

/// Length of what starts here and holds no placeholder: a cast, quoted text,
/// a comment; 0 if nothing of the kind does.
fn skipped(rest: &str, dialect: Dialect) -> usize {
    let is_mysql = dialect == Dialect::MySql;
    let to_end = |end: Option<usize>, closing: usize| end.map_or(rest.len(), |at| at + closing);
    match rest.as_bytes() {
        [b':', b':', ..] => 2,
        // On MySQL, 5--3 is 8.
        [b'-', b'-', next, ..] if is_mysql && !next.is_ascii_whitespace() => 0,
        [b'-', b'-', ..] => to_end(rest.find('\n'), 1),
        [b'#', ..] if is_mysql => to_end(rest.find('\n'), 1),
        [b'/', b'*', ..] => to_end(rest[2..].find("*/").map(|at| at + 2), 2),
        [quote @ (b'\'' | b'"'), ..] => quoted(rest, *quote, is_mysql),
        [b'`', ..] if is_mysql => quoted(rest, b'`', false),
        _ => 0,
    }
}

/// Length of the quoted text that starts here. A doubled quote inside looks
/// like two texts side by side, which is as good.
fn quoted(rest: &str, quote: u8, has_escapes: bool) -> usize {
    let mut bytes = rest.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        if byte == quote {
            return at + 1;
        }
        if byte == b'\\' && has_escapes {
            bytes.next();
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["changed_at", "id", "page"];

    #[track_caller]
    fn check(sql: &str, expected: &str) {
        assert_eq!(translate(sql, &NAMES, Dialect::Postgres).sql, expected);
    }

    #[track_caller]
    fn check_mysql(sql: &str, expected: &str, binds: &[usize]) {
        let translated = translate(sql, &NAMES, Dialect::MySql);
        assert_eq!((translated.sql.as_str(), &translated.binds[..]), (expected, binds));
    }

    #[test]
    fn casts_comments_and_quoted_text_are_left_alone() {
        check(":changed_at::timestamptz", "$1::text::timestamptz");
        check("a > :id limit :page", "a > $1::text limit $2::bigint");
        check("':id' || \":id\" -- :id\n, :id", "':id' || \":id\" -- :id\n, $1::text");
        check("/* :id */ :idx ::id", "/* :id */ :idx ::id");
        check("'unclosed :id", "'unclosed :id");
        check("'\\', :id", "'\\', $1::text");
    }

    #[test]
    fn mysql_has_comments_and_quotes_of_its_own() {
        check_mysql("1 # :id\n, :id", "1 # :id\n, ?", &[1]);
        check_mysql("1 -- :id\n, 5--:page", "1 -- :id\n, 5--?", &[2]);
        check_mysql("`:id` = :id", "`:id` = ?", &[1]);
        check_mysql(r"'it\'s :id' '\\' :id", r"'it\'s :id' '\\' ?", &[1]);
        check_mysql(r#""\":id" 'it''s :id' :id"#, r#""\":id" 'it''s :id' ?"#, &[1]);
        check_mysql(r"`\`, :id, 'é\", r"`\`, ?, 'é\", &[1]);
    }

    #[test]
    fn a_placeholder_used_twice_is_bound_as_often_as_the_database_asks() {
        let sql = "a > :changed_at or (a = :changed_at and b > :id) limit :page";
        check_mysql(sql, "a > ? or (a = ? and b > ?) limit ?", &[0, 0, 1, 2]);
        let translated = translate(sql, &NAMES, Dialect::Sqlite);
        assert_eq!(translated.sql, "a > $1 or (a = $1 and b > $2) limit $3");
        assert_eq!(translated.binds, [0, 1, 2]);
    }

    #[test]
    fn a_placeholder_that_is_not_there_is_noticed() {
        assert_eq!(translate("select :id", &NAMES, Dialect::Sqlite).binds, [1]);
    }
}
