//! What a dump of one database takes for granted: roles and tablespaces, which only the cluster has, and whether it makes its
//! database itself.

use std::collections::BTreeSet;

/// Roles taken note of at most.
const MAX_ROLES: usize = 10_000;
/// Words that stand where a role may, and name none.
const NO_ROLES: &[&str] = &["public", "current_user", "session_user", "current_role", "none"];

/// Hears the lines of an SQL script of pg_dump.
#[derive(Default)]
pub(super) struct Scan {
    /// Roles that it names.
    pub(super) roles: BTreeSet<String>,
    /// Tablespaces that it names.
    pub(super) tablespaces: BTreeSet<String>,
    /// It makes or changes to a database, so it cannot run in one transaction.
    pub(super) connects: bool,
    /// Text was stored in no known encoding.
    pub(super) ascii: bool,
    /// Rows of a COPY have not ended: at the end of a script, it was cut.
    pub(super) copying: bool,
}

impl Scan {
    pub(super) fn line(&mut self, line: &[u8]) {
        if self.copying {
            self.copying = line != b"\\.";
            return;
        }
        let Ok(line) = std::str::from_utf8(line) else { return };
        let line = line.trim_end();
        if line.starts_with("COPY ") && line.ends_with("FROM stdin;") {
            self.copying = true;
        } else if line.starts_with("\\connect ") || line.starts_with("CREATE DATABASE ") {
            self.connects = true;
            self.tablespace(line.split_once(" TABLESPACE = "));
        } else if line.starts_with("SET default_tablespace = ") {
            self.tablespace(line.split_once(" = "));
        } else if line == "SET client_encoding = 'SQL_ASCII';" {
            self.ascii = true;
        } else if line.starts_with("GRANT ") {
            self.after(line.rsplit_once(" TO "));
        } else if line.starts_with("REVOKE ") {
            self.after(line.rsplit_once(" FROM "));
        } else if line.starts_with("CREATE POLICY ") {
            self.after(line.split_once(" TO "));
        } else if let Some(rest) = line.strip_prefix("ALTER DEFAULT PRIVILEGES FOR ROLE ") {
            self.after(Some(("", rest)));
            self.after(line.rsplit_once(if line.contains(" REVOKE ") { " FROM " } else { " TO " }));
        } else if line.starts_with("ALTER ") {
            self.after(line.rsplit_once(" OWNER TO "));
        } else if let Some(rest) = line.strip_prefix("SET SESSION AUTHORIZATION ") {
            self.after(Some(("", &rest.replace('\'', "\""))));
        }
    }
    /// A tablespace after a word.
    fn tablespace(&mut self, parts: Option<(&str, &str)>) {
        if let Some((name, _)) = parts.and_then(|(_, rest)| identifier(rest))
            && !name.starts_with("pg_")
            && self.tablespaces.len() < MAX_ROLES
        {
            self.tablespaces.insert(name);
        }
    }
    /// A list of roles after a word.
    fn after(&mut self, parts: Option<(&str, &str)>) {
        let Some((_, mut rest)) = parts else { return };
        while let Some((name, more)) = identifier(rest.trim_start()) {
            let plain = name.to_ascii_lowercase();
            if !NO_ROLES.contains(&plain.as_str())
                && !plain.starts_with("pg_")
                && self.roles.len() < MAX_ROLES
            {
                self.roles.insert(name);
            }
            match more.trim_start().strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
    }
}

/// The identifier a text begins with, and the rest.
fn identifier(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut name = String::new();
        let mut rest = quoted;
        loop {
            let (part, after) = rest.split_once('"')?;
            name.push_str(part);
            match after.strip_prefix('"') {
                Some(more) => {
                    name.push('"');
                    rest = more;
                }
                None => return Some((name, after)),
            }
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::Scan;

    #[test]
    fn roles_are_found_where_pg_dump_writes_them_and_not_in_data() {
        let mut scan = Scan::default();
        for line in [
            "ALTER TABLE public.\"a TO b\" OWNER TO \"应用 \"\"甲\"\"\";",
            "COPY public.t (id) FROM stdin;",
            "GRANT ALL ON TABLE x TO not_this;",
            "\\.",
            "GRANT SELECT ON TABLE public.t TO reader, \"Writer\" WITH GRANT OPTION;",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
            "ALTER DEFAULT PRIVILEGES FOR ROLE owner1 IN SCHEMA public GRANT SELECT ON TABLES TO reader2;",
            "CREATE POLICY p ON public.t TO clerk USING ((a = 'x TO y'::text));",
            "GRANT pg_read_all_data TO CURRENT_USER;",
            "SET default_tablespace = '';",
            "SET default_tablespace = \"远 盘\";",
        ] {
            scan.line(line.as_bytes());
        }
        let found: Vec<_> = scan.roles.iter().map(String::as_str).collect();
        assert_eq!(found, ["Writer", "clerk", "owner1", "reader", "reader2", "应用 \"甲\""]);
        assert_eq!(scan.tablespaces.iter().collect::<Vec<_>>(), ["远 盘"]);
        assert!(!scan.connects);
        scan.line(b"\\connect app");
        assert!(scan.connects);
    }
}
